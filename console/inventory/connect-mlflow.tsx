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
        The key needs <code>models.read</code>, <code>models.write</code> and <code>models.download</code>:{' '}
        <Link to="/settings/keys" search={{ new: 'models' }}>
          create one
        </Link>
        .
      </p>
    </div>
  );
}
