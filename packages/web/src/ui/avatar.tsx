import { useState } from 'preact/hooks'
import { useFileLink } from '../file-link.ts'
import { colourOf, initials } from '../lib/people.ts'
import { useServices } from '../services.ts'

interface AvatarProps {
  id: string
  name: string
  /** The file of their picture, if they have one. */
  photo?: string | null | undefined
  size?: 'small' | 'medium' | 'large' | 'tile'
}

/** The picture of a person; until it is there, and for those without one, initials on a colour that belongs to them. */
export function Avatar({ id, name, photo = null, size = 'medium' }: AvatarProps) {
  const { session } = useServices()
  const url = useFileLink(session.parley, photo, 'original')
  const [broken, setBroken] = useState<string | null>(null)
  return (
    <span class={`avatar avatar--${size} avatar--colour-${colourOf(id)}`} aria-hidden="true">
      {url === null || url === broken ? (
        initials(name)
      ) : (
        <img class="avatar__photo" src={url} alt="" data-testid="avatar-photo" onError={() => setBroken(url)} />
      )}
    </span>
  )
}
