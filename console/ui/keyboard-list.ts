import { useEffect, useRef, useState } from 'react';

interface KeyboardListOptions {
  readonly length: number;
  readonly onOpen: (index: number) => void;
  readonly search?: React.RefObject<HTMLInputElement | null>;
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** A dialog over the page, or a popover that the keys are meant for. */
const inDialog = (target: EventTarget | null): boolean =>
  document.querySelector('[role="dialog"][aria-modal="true"]') !== null ||
  (target instanceof Element && target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null);

/**
 * Keys of a list: `j`/`k` or arrows move, `Enter` opens, `/` goes to the search, `Escape` lets go.
 * Returns the index of the selected row, -1 when none is.
 */
export function useKeyboardList({ length, onOpen, search }: KeyboardListOptions) {
  const [selected, setSelected] = useState(-1);
  const state = useRef({ length, onOpen, selected, search });
  state.current = { length, onOpen, selected, search };

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { length, onOpen, selected, search } = state.current;
      if (event.metaKey || event.ctrlKey || event.altKey || inDialog(event.target)) return;
      if (typing(event.target)) {
        if (event.key === 'Escape') (event.target as HTMLElement).blur();
        return;
      }
      const step =
        event.key === 'j' || event.key === 'ArrowDown'
          ? 1
          : event.key === 'k' || event.key === 'ArrowUp'
            ? -1
            : 0;
      if (step !== 0 && length > 0) {
        event.preventDefault();
        // Enter then belongs to the list, not to a button that happens to have the focus.
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
        setSelected(Math.min(length - 1, Math.max(0, selected + step)));
      } else if (event.key === 'Enter' && selected >= 0 && selected < length) {
        if (event.target instanceof HTMLElement && event.target.closest('a,button')) return;
        event.preventDefault();
        onOpen(selected);
      } else if (event.key === '/' && search?.current) {
        event.preventDefault();
        search.current.focus();
        search.current.select();
      } else if (event.key === 'Escape') {
        setSelected(-1);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  useEffect(() => {
    if (selected < 0) return;
    document.querySelector(`[data-list-index="${selected}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [selected]);

  return { selected: selected < length ? selected : -1, setSelected };
}
