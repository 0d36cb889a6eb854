/**
 * Milliseconds of processor time that this thread has used. What a test says of the work that something takes is
 * measured with it: time on the wall also counts what other processes did meanwhile.
 */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
