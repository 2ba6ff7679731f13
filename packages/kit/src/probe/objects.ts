import { newId } from '../ids.ts'
import { openObjects, type ObjectsConfig } from '../objects/objects-config.ts'

/** Stores, reads and deletes an object where the settings say. Rejects with what the store or the network said. */
export async function probeObjects(config: Readonly<ObjectsConfig>): Promise<void> {
  const objects = await openObjects(config)
  const key = `doctor/${newId()}`
  const bytes = Buffer.from('parley doctor')
  try {
    await objects.put(key, bytes, { contentType: 'text/plain', sizeBytes: bytes.length })
    const { body } = await objects.get(key)
    const parts: Buffer[] = []
    for await (const part of body) parts.push(part as Buffer)
    await objects.delete(key)
    if (!Buffer.concat(parts).equals(bytes)) throw new Error('the store gave back other bytes than it was given')
  } finally {
    objects.close()
  }
}
