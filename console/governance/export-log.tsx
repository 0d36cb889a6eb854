import { auditRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';

/** The whole log as a file that verifies without this server. */
export const ExportLog = () => (
  <Button
    variant="default"
    leftSection={<IconDownload size={14} />}
    component="a"
    href={auditRoutes.export.path}
    download="bartizan-audit.jsonl"
    title="Check it anywhere with: npx bartizan audit verify bartizan-audit.jsonl"
  >
    Export the log
  </Button>
);
