import type { Reactions } from './reactions.ts'

/** Reactions rising over the picture. */
export const ReactionLayer = ({ reactions }: { reactions: Reactions }) => (
  <div class="reaction-layer" aria-live="polite">
    {reactions.floating.value.map(({ key, reaction, name, left }) => (
      <span key={key} class="floating" style={{ left: `${left}%` }} data-testid="reaction-shown">
        <span class="floating__emoji">{reaction}</span>
        <span class="floating__name">
          <bdi>{name}</bdi>
        </span>
      </span>
    ))}
  </div>
)
