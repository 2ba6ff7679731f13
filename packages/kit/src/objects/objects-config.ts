import Type, { type Static, type TObject } from 'typebox'
import { StartupError } from '../startup-error.ts'
import { openFolderObjects } from './objects-folder.ts'
import type { Objects } from './objects.ts'

/** Where a service keeps the bytes of files: spread it into its schema. */
export const objectsConfig = {
  OBJECTS_DIR: Type.Optional(
    Type.String({ minLength: 1, description: 'folder for the bytes of files, where no S3 is set; replicas share it' }),
  ),
  S3_ENDPOINT: Type.Optional(
    Type.String({ pattern: '^https?://[^/?#\\s]+/?$', description: 'S3-compatible store for the bytes of files' }),
  ),
  S3_REGION: Type.String({ default: 'us-east-1', minLength: 1, description: 'region of the store' }),
  S3_BUCKET: Type.String({
    default: 'parley',
    minLength: 3,
    maxLength: 63,
    description: 'bucket; made if it is missing',
  }),
  S3_ACCESS_KEY: Type.Optional(
    Type.String({ minLength: 1, secret: true, description: 'name of our key at the store' }),
  ),
  S3_SECRET_KEY: Type.Optional(Type.String({ minLength: 1, secret: true, description: 'our key at the store' })),
  S3_FORCE_PATH_STYLE: Type.Boolean({
    default: true,
    description: 'the bucket is part of the path (MinIO), not of the host name',
  }),
}
const schema: TObject<typeof objectsConfig> = Type.Object(objectsConfig)
export type ObjectsConfig = Static<typeof schema>

/**
 * The storage that the settings name.
 * @throws StartupError when they name none, or half of one
 */
export async function openObjects(config: Readonly<ObjectsConfig>): Promise<Objects> {
  const { S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, OBJECTS_DIR } = config
  if (S3_ENDPOINT === undefined) {
    if (OBJECTS_DIR === undefined) throw new StartupError('Set S3_ENDPOINT, or OBJECTS_DIR for a folder of files')
    return openFolderObjects(OBJECTS_DIR)
  }
  if (S3_ACCESS_KEY === undefined || S3_SECRET_KEY === undefined)
    throw new StartupError('S3_ENDPOINT needs S3_ACCESS_KEY and S3_SECRET_KEY')
  // The SDK is large, and nobody else needs it.
  const { openS3Objects } = await import('./objects-s3.ts')
  const objects = openS3Objects({
    endpoint: S3_ENDPOINT,
    region: config.S3_REGION,
    bucket: config.S3_BUCKET,
    accessKeyId: S3_ACCESS_KEY,
    secretAccessKey: S3_SECRET_KEY,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
  })
  // Makes the bucket where there is none; a store that is away now is asked again when somebody needs it.
  await objects.reachable()
  return objects
}
