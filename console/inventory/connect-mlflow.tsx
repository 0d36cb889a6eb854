import { Link } from '@tanstack/react-router';
import { CodeBlock } from '../ui/copy.tsx';

/** What an unmodified mlflow client needs to log to this instance. */
export function ConnectMlflow() {
  const code = `export MLFLOW_TRACKING_URI=${location.origin}
export MLFLOW_TRACKING_TOKEN=<api key>
python train.py`;
  return (
    <div style={{ textAlign: 'left', width: 'min(100%, 560px)', marginTop: 8 }}>
      <CodeBlock code={code} label="Environment of an mlflow client" />
      <p className="bz-dim" style={{ marginTop: 6 }}>
        The key needs the role ML engineer; make one under <Link to="/settings/keys">Keys</Link>.
      </p>
    </div>
  );
}
