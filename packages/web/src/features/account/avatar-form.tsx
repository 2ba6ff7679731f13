import type { User } from '@parley/contracts'
import { ImageUp, Trash2 } from 'lucide-preact'
import { useRef, useState } from 'preact/hooks'
import { useServices } from '../../services.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { useTask } from '../../ui/use-task.ts'

/** One's own picture: chosen, replaced, removed. */
export function AvatarForm({ user }: { user: User }) {
  const { session } = useServices()
  const { parley } = session
  const input = useRef<HTMLInputElement>(null)
  const [file, setFile] = useState<File | null>(null)
  const photo = user.avatarFileId ?? null
  const set = async (avatarFileId: string | null) => {
    session.update(await parley.rest.updateMe({ body: { avatarFileId } }))
    toast(avatarFileId === null ? 'Your picture is removed' : 'Your picture is saved')
  }
  const upload = useTask(async () => {
    const chosen = input.current?.files?.[0]
    if (chosen === undefined) return
    const stored = await parley.upload({ file: chosen, name: chosen.name, purpose: 'avatar' })
    await set(stored.id)
    setFile(null)
  })
  const remove = useTask(() => set(null))
  return (
    <div class="avatar-form">
      <Avatar id={user.id} name={user.name} photo={photo} size="large" />
      <div class="avatar-form__side">
        <input
          ref={input}
          type="file"
          accept="image/png,image/jpeg,image/webp,image/gif,image/avif"
          hidden
          data-testid="avatar-input"
          onChange={(event) => {
            setFile(event.currentTarget.files?.[0] ?? null)
            upload.start()
          }}
        />
        <div class="settings__buttons">
          <Button icon={ImageUp} busy={upload.busy} testId="avatar-choose" onClick={() => input.current?.click()}>
            {photo === null ? 'Add a picture' : 'Change picture'}
          </Button>
          {photo !== null && (
            <Button icon={Trash2} kind="quiet" busy={remove.busy} testId="avatar-remove" onClick={remove.start}>
              Remove
            </Button>
          )}
        </div>
        <p class="choice__note">
          {upload.busy && file !== null ? `Sending ${file.name}…` : 'Others see it in meetings.'}
        </p>
        <ProblemNotice problem={upload.problem ?? remove.problem} />
      </div>
    </div>
  )
}
