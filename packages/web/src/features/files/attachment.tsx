import type { FileReference } from '@parley/contracts'
import { Download, File } from 'lucide-preact'
import { formatBytes } from '../../lib/bytes.ts'
import { useServices } from '../../services.ts'
import { attempt } from '../../ui/attempt.ts'
import { fileLink, useFileLink } from '../../file-link.ts'

/** A file in the chat: a picture is shown small, anything else by its name; a click saves it. */
export function Attachment({ file }: { file: FileReference }) {
  const { session } = useServices()
  const isPicture = file.contentType.startsWith('image/') && file.width !== undefined
  const preview = useFileLink(session.parley, isPicture ? file.id : null, 'preview')
  const save = () => attempt(saveFile(fileLink(session.parley, file.id, 'original'), file.name))
  return (
    <button
      class="attachment"
      type="button"
      title={`Save ${file.name}`}
      data-testid="attachment"
      data-name={file.name}
      onClick={save}
    >
      {isPicture && (
        <span class="attachment__frame" style={{ aspectRatio: `${file.width ?? 4} / ${file.height ?? 3}` }}>
          {preview !== null && <img class="attachment__picture" src={preview} alt={file.name} data-testid="picture" />}
        </span>
      )}
      <span class="attachment__line">
        <File size={18} aria-hidden="true" />
        <bdi class="attachment__name">{file.name}</bdi>
        <span class="attachment__size">{formatBytes(file.sizeBytes)}</span>
        <Download size={16} aria-hidden="true" />
      </span>
    </button>
  )
}

async function saveFile(link: Promise<string>, name: string): Promise<void> {
  const anchor = document.createElement('a')
  anchor.href = await link
  anchor.download = name
  anchor.rel = 'noopener'
  anchor.click()
}
