import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
  type Part as S3Part,
} from '@aws-sdk/client-s3'
import { checkKeyOrThrow, ObjectNotFoundError, type Multipart } from './objects.ts'
import { foundOrThrow, orUnavailable, sendBody, type S3Bucket } from './s3-send.ts'

export async function beginS3Multipart(bucket: S3Bucket, key: string, contentType: string): Promise<Multipart> {
  checkKeyOrThrow(key)
  const command = new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: key, ContentType: contentType })
  const { UploadId } = await orUnavailable(bucket.client.send(command))
  if (UploadId === undefined) throw new Error('The store gave no upload id')
  return s3Multipart(bucket, key, UploadId)
}

/** Parts that the store keeps until they are put together or thrown away. */
export function s3Multipart(bucket: S3Bucket, key: string, id: string): Multipart {
  checkKeyOrThrow(key)
  const { client } = bucket
  const upload = { Bucket: bucket.name, Key: key, UploadId: id }
  return {
    id,
    put: (number, body, { sizeBytes, signal }) =>
      sendBody(
        client,
        body,
        { sizeBytes, signal },
        (Body, ContentLength) => new UploadPartCommand({ ...upload, PartNumber: number, Body, ContentLength }),
      ),
    async parts() {
      const parts = await listParts(bucket, key, id)
      return parts.map(({ PartNumber = 0, Size = 0 }) => ({ number: PartNumber, sizeBytes: Size }))
    },
    async complete() {
      try {
        const parts = await listParts(bucket, key, id)
        const Parts = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }))
        await foundOrThrow(
          key,
          client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })),
        )
      } catch (error) {
        if (!(error instanceof ObjectNotFoundError)) throw error
        // Completed before: then the object is there.
        await foundOrThrow(key, client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key })))
      }
    },
    async abort() {
      await foundOrThrow(key, client.send(new AbortMultipartUploadCommand(upload))).catch((error: unknown) => {
        if (!(error instanceof ObjectNotFoundError)) throw error
      })
    },
  }
}

async function listParts({ name, client }: S3Bucket, key: string, id: string): Promise<S3Part[]> {
  const all: S3Part[] = []
  for (let marker: string | undefined; ;) {
    const command = new ListPartsCommand({
      Bucket: name,
      Key: key,
      UploadId: id,
      ...(marker === undefined ? {} : { PartNumberMarker: marker }),
    })
    const { Parts = [], IsTruncated = false, NextPartNumberMarker } = await foundOrThrow(key, client.send(command))
    all.push(...Parts)
    if (!IsTruncated || NextPartNumberMarker === undefined) return all
    marker = NextPartNumberMarker
  }
}
