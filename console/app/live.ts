import { InteractionSummary, interactionRoutes } from '@bartizan/contracts';
import { useEffect, useRef, useState } from 'react';

export type LiveState = 'off' | 'connecting' | 'on' | 'paused';

/**
 * New interactions as they arrive, by server-sent events. The stream is closed while the tab is hidden, and
 * `onResume` is called when it is seen again so that the page can fetch what it missed.
 */
export function useLive(
  enabled: boolean,
  onInteraction: (interaction: InteractionSummary) => void,
  onResume?: () => void,
): LiveState {
  const [state, setState] = useState<LiveState>('off');
  const handlers = useRef({ onInteraction, onResume });
  handlers.current = { onInteraction, onResume };

  useEffect(() => {
    if (!enabled) {
      setState('off');
      return;
    }
    let source: EventSource | null = null;
    let wasOpen = false;
    const open = () => {
      setState('connecting');
      source = new EventSource(interactionRoutes.live.path);
      source.onopen = () => {
        setState('on');
        // After a break (hidden tab, restarted server) something may have been missed.
        if (wasOpen) handlers.current.onResume?.();
        wasOpen = true;
      };
      source.onerror = () => setState('connecting');
      source.addEventListener('interaction', (event: MessageEvent<string>) => {
        const parsed = InteractionSummary.safeParse(parseJson(event.data));
        if (parsed.success) handlers.current.onInteraction(parsed.data);
      });
    };
    const close = () => {
      source?.close();
      source = null;
    };
    const onVisibility = () => {
      if (document.hidden) {
        close();
        setState('paused');
      } else if (source === null) {
        open();
      }
    };
    if (document.hidden) setState('paused');
    else open();
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      close();
    };
  }, [enabled]);
  return state;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
