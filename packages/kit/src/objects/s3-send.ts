import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { S3ServiceException, type PutObjectCommand, type S3Client, type UploadPartCommand } from '@aws-sdk/client-s3'
import { ProblemError } from '../problem.ts'
import { counted } from './counted.ts'
import { ObjectNotFoundError } from './objects.ts'

type Command = PutObjectCommand | UploadPartCommand

export interface S3Bucket {
  client: S3Client
  name: string
}

interface BodyOptions {
  sizeBytes: number | undefined
  signal: AbortSignal | undefined
}

/** Sends a body of a known size. Should its source fail, so does the sending: the client would wait for the rest for ever. */
export async function sendBody(
  client: S3Client,
  body: Readable | Buffer,
  { sizeBytes, signal }: BodyOptions,
  command: (body: Readable | Buffer, length: number) => Command,
): Promise<void> {
  if (Buffer.isBuffer(body)) {
    await orUnavailable(
      client.send(command(body, body.length) as PutObjectCommand, signal === undefined ? {} : { abortSignal: signal }),
    )
    return
  }
  if (sizeBytes === undefined) throw new Error('A stream needs its size')
  await sendStream(body, sizeBytes, { client, signal, command })
}

interface Sending {
  client: S3Client
  signal: AbortSignal | undefined
  command: (body: Readable, length: number) => Command
}

async function sendStream(source: Readable, sizeBytes: number, { client, signal, command }: Sending): Promise<void> {
  const check = counted(sizeBytes)
  const giveUp = new AbortController()
  const abortSignal = signal === undefined ? giveUp.signal : AbortSignal.any([signal, giveUp.signal])
  let failure: unknown
  const reading = pipeline(source, check).catch((error: unknown) => {
    failure ??= error
    giveUp.abort()
  })
  try {
    await client.send(command(check, sizeBytes) as PutObjectCommand, { abortSignal })
    await reading
  } catch (error) {
    failure ??= unavailable(error)
    check.destroy()
    await reading
  }
  if (failure !== undefined) throw failure
}

/** The answer about one object. @throws ObjectNotFoundError */
export async function foundOrThrow<T>(key: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isMissing(error)) throw new ObjectNotFoundError(key, { cause: error })
    throw unavailable(error)
  }
}

/** A request that the store refuses, or does not answer, is the problem `unavailable`. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw unavailable(error)
  }
}

const retryAfterMs = 5_000

const unavailable = (error: unknown): ProblemError =>
  new ProblemError('unavailable', 'The file storage cannot be reached', { retryAfterMs }, { cause: error })

const notFound = 404

export const isMissing = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === notFound
