/** The bytes are not what they were said to be, or not allowed; the message is for their owner. */
export class FileRefusedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FileRefusedError'
  }
}
