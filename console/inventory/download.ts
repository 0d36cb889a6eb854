/** Has the browser keep bytes as a file. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Has the browser keep what a streaming route answers as a file. Rejects with what the route rejected with. */
export async function download(answer: Promise<Response>, name: string): Promise<void> {
  save(await (await answer).blob(), name);
}
