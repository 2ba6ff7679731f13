import { CircleAlert, File, RotateCw, X } from 'lucide-preact'
import { formatBytes } from '../../lib/bytes.ts'
import { explain } from '../../lib/explain.ts'
import { IconButton } from '../../ui/button.tsx'
import type { Uploading, Uploads } from './uploads.ts'

/** The uploads, with their progress; each can be given up. */
export function UploadList({ uploads }: { uploads: Uploads }) {
  const all = uploads.all.value
  if (all.length === 0) return null
  return (
    <ul class="uploads" aria-label="Files being sent">
      {all.map((upload) => (
        <UploadRow key={upload.key} upload={upload} uploads={uploads} />
      ))}
    </ul>
  )
}

function UploadRow({ upload, uploads }: { upload: Uploading; uploads: Uploads }) {
  const { key, name, sizeBytes, sentBytes, problem } = upload
  return (
    <li class={`upload${problem === null ? '' : ' upload--failed'}`} data-testid="upload" data-name={name}>
      {problem === null ? <File size={18} aria-hidden="true" /> : <CircleAlert size={18} aria-hidden="true" />}
      <span class="upload__text">
        <bdi class="upload__name">{name}</bdi>
        {problem === null ? (
          <progress
            max={Math.max(1, sizeBytes)}
            value={sentBytes}
            aria-label={`${name}: ${formatBytes(sentBytes)} of ${formatBytes(sizeBytes)}`}
          />
        ) : (
          <span class="upload__problem" role="alert">
            {explain(problem).title}. {explain(problem).text}
          </span>
        )}
      </span>
      {problem?.retryable === true && (
        <IconButton small icon={RotateCw} label={`Try ${name} again`} onClick={() => uploads.retry(key)} />
      )}
      <IconButton
        small
        icon={X}
        label={`Don’t send ${name}`}
        testId="upload-cancel"
        onClick={() => uploads.drop(key)}
      />
    </li>
  )
}
