/** Has the browser keep what a streaming route answers as a file. Rejects with what the route rejected with. */
export async function download(answer: Promise<Response>, name: string): Promise<void> {
  const blob = await (await answer).blob();
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
