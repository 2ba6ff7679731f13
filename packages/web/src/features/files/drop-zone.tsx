import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

interface DropZoneProps {
  /** Null: nothing may be dropped here. */
  onFiles: ((files: File[]) => void) | null
  children: ComponentChildren
}

/** Takes files that are dropped on it, or pasted while the focus is in it. */
export function DropZone({ onFiles, children }: DropZoneProps) {
  const [over, setOver] = useState(false)
  if (onFiles === null) return <div class="drop-zone">{children}</div>
  const take = (data: DataTransfer | null, event: Event) => {
    const files = [...(data?.files ?? [])]
    if (files.length === 0) return
    event.preventDefault()
    onFiles(files)
  }
  return (
    <div
      class={`drop-zone${over ? ' drop-zone--over' : ''}`}
      data-testid="drop-zone"
      onDragOver={(event) => {
        if (event.dataTransfer?.types.includes('Files') !== true) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false)
        take(event.dataTransfer, event)
      }}
      onPaste={(event) => take(event.clipboardData, event)}
    >
      {children}
      {over && <p class="drop-zone__hint">Drop files to send them</p>}
    </div>
  )
}
