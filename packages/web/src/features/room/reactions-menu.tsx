import { FaceSlightlySmiling } from 'lucide-preact'
import { Menu } from '../../ui/menu.tsx'
import { reactionChoices, type Reactions } from './reactions.ts'

const names: Record<(typeof reactionChoices)[number], string> = {
  '👍': 'Thumbs up',
  '❤️': 'Heart',
  '😂': 'Laughing',
  '🎉': 'Party',
  '👏': 'Applause',
  '😮': 'Surprised',
}

/** The reactions side by side. */
export const ReactionRow = ({ reactions }: { reactions: Reactions }) => (
  <div class="reaction-row">
    {reactionChoices.map((reaction, index) => (
      <button
        key={reaction}
        class="reaction-row__choice"
        type="button"
        aria-label={names[reaction]}
        title={names[reaction]}
        data-testid={`reaction-${index}`}
        onClick={() => reactions.send(reaction)}
      >
        {reaction}
      </button>
    ))}
  </div>
)

export const ReactionsMenu = ({ reactions }: { reactions: Reactions }) => (
  <Menu
    label="React"
    testId="reactions"
    side="above"
    buttonClass="round"
    button={<FaceSlightlySmiling size={22} aria-hidden="true" />}
  >
    <ReactionRow reactions={reactions} />
  </Menu>
)
