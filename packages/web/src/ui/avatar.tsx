import { colourOf, initials } from '../lib/people.ts'

/** Initials on a colour that belongs to the person. */
export const Avatar = ({
  id,
  name,
  size = 'medium',
}: {
  id: string
  name: string
  size?: 'small' | 'medium' | 'tile'
}) => (
  <span class={`avatar avatar--${size} avatar--colour-${colourOf(id)}`} aria-hidden="true">
    {initials(name)}
  </span>
)
