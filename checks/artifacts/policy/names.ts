/** Names by the module that they are imported from, parted by blanks. */
export type NameTable = Readonly<Record<string, string>>;
