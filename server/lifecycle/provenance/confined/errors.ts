/** Content that cannot be read as what it claims to be, or not within the limits. The message is for people. */
export class ContentRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ContentRefused';
  }
}

/** The process broke off by a fault that says nothing about the content. */
export class ReaderBroken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ReaderBroken';
  }
}
