import { Readable } from 'node:stream'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type _Object as StoredEntry,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { checkKeyOrThrow, ObjectNotFoundError, type ListedObject, type Objects } from './objects.ts'
import { foundOrThrow, isMissing, orUnavailable, sendBody, type S3Bucket } from './s3-send.ts'
import { beginS3Multipart, s3Multipart } from './s3-multipart.ts'

export interface S3Options {
  endpoint: string
  region: string
  bucket: string
  accessKeyId: string
  secretAccessKey: string
  /** The bucket is the first part of the path, not of the host name. */
  forcePathStyle: boolean
}

const connectMs = 2_000
/** A store that is silent for so long is away. */
const silentMs = 20_000
const maxSockets = 256
const probeMs = 3_000

/** Objects in a bucket of an S3-compatible store. A bucket that is not there is made when the store is asked whether it is reachable. */
export function openS3Objects(options: S3Options): Objects {
  const client = clientOf(options)
  const bucket: S3Bucket = { client, name: options.bucket }
  const { name: Bucket } = bucket
  return {
    put(key, body, { contentType, sizeBytes, signal }) {
      checkKeyOrThrow(key)
      return sendBody(
        client,
        body,
        { sizeBytes, signal },
        (Body, ContentLength) =>
          new PutObjectCommand({ Bucket, Key: key, Body, ContentLength, ContentType: contentType }),
      )
    },
    async get(key, range) {
      const Range = range === undefined ? undefined : `bytes=${range.from}-${range.to}`
      const { Body, ContentLength, ContentRange } = await foundOrThrow(
        key,
        client.send(new GetObjectCommand({ Bucket, Key: key, ...(Range === undefined ? {} : { Range }) })),
      )
      const sizeBytes = ContentRange === undefined ? ContentLength : Number(ContentRange.split('/')[1])
      if (!isReadable(Body) || sizeBytes === undefined) throw new ObjectNotFoundError(key)
      return { body: Body, sizeBytes }
    },
    async head(key) {
      try {
        const { ContentLength = 0 } = await foundOrThrow(key, client.send(new HeadObjectCommand({ Bucket, Key: key })))
        return { sizeBytes: ContentLength }
      } catch (error) {
        if (error instanceof ObjectNotFoundError) return null
        throw error
      }
    },
    async delete(key) {
      checkKeyOrThrow(key)
      await foundOrThrow(key, client.send(new DeleteObjectCommand({ Bucket, Key: key }))).catch(ignoreMissing)
    },
    async list(prefix, after) {
      const command = new ListObjectsV2Command({ Bucket, Prefix: prefix, ...(after ? { StartAfter: after } : {}) })
      const { Contents = [], IsTruncated = false } = await orUnavailable(client.send(command))
      return { keys: Contents.flatMap(listedOf), more: IsTruncated }
    },
    async multipart(key, { contentType }) {
      try {
        return await beginS3Multipart(bucket, key, contentType)
      } catch (error) {
        // Nobody has asked yet whether the store is reachable, which makes the bucket.
        if (!isOfMissing(error) || !(await isReachable(client, Bucket))) throw error
        return beginS3Multipart(bucket, key, contentType)
      }
    },
    resume: (key, id) => s3Multipart(bucket, key, id),
    signedUrl: (key, { seconds, fileName }) => {
      const disposition =
        fileName === undefined
          ? {}
          : { ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}` }
      return getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key, ...disposition }), { expiresIn: seconds })
    },
    reachable: () => isReachable(client, Bucket),
    close: () => client.destroy(),
  }
}

/**
 * Checksums only where the operation needs one: other stores than Amazon's do not know the newer ones. A stream would have to be sent in chunks with trailers.
 */
const clientOf = (options: S3Options): S3Client =>
  new S3Client({
    endpoint: options.endpoint,
    region: options.region,
    credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey },
    forcePathStyle: options.forcePathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: silentMs,
      httpAgent: { maxSockets },
      httpsAgent: { maxSockets },
    },
  })

async function isReachable(client: S3Client, Bucket: string): Promise<boolean> {
  const abortSignal = AbortSignal.timeout(probeMs)
  try {
    await client.send(new HeadBucketCommand({ Bucket }), { abortSignal })
    return true
  } catch (error) {
    if (!isMissing(error)) return false
  }
  return client.send(new CreateBucketCommand({ Bucket }), { abortSignal }).then(
    () => true,
    () => false,
  )
}

const listedOf = (entry: StoredEntry): ListedObject[] =>
  entry.Key === undefined
    ? []
    : [{ key: entry.Key, sizeBytes: entry.Size ?? 0, modifiedAt: entry.LastModified?.getTime() ?? 0 }]

const isOfMissing = (error: unknown): boolean => error instanceof Error && isMissing(error.cause)

function ignoreMissing(error: unknown): void {
  if (!(error instanceof ObjectNotFoundError)) throw error
}

const isReadable = (body: unknown): body is Readable => body instanceof Readable
