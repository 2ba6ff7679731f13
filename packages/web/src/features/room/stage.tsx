import type { Participant } from '@parley/contracts'
import { useRef } from 'preact/hooks'
import { aspectFor, layoutGrid } from '../../lib/grid.ts'
import { isNarrow } from '../../ui/media-query.ts'
import { Presentation, presentations } from './presentation.tsx'
import type { RoomModel } from './room-model.ts'
import { MoreTile, Tile } from './tile.tsx'
import { useSize } from './use-size.ts'

/** Everybody in a grid, or a shared screen large with everybody beside it. */
export function Stage({ model }: { model: RoomModel }) {
  const [shown] = presentations(model.state.value)
  if (shown === undefined) return <GridStage model={model} />
  return (
    <div class="stage stage--presenting">
      <Presentation model={model} shown={shown} />
      <div class="strip" role="list" aria-label="People">
        {model.people.value.map((person) => (
          <Tile key={person.id} model={model} person={person} />
        ))}
      </div>
    </div>
  )
}

const gap = 10

function GridStage({ model }: { model: RoomModel }) {
  const ref = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(ref)
  const { tiles, hidden } = fitting(model.people.value, isNarrow() ? 9 : 16)
  const count = tiles.length + (hidden.length > 0 ? 1 : 0)
  const { columns, tileWidth, tileHeight } = layoutGrid({ width, height, count, gap, aspect: aspectFor(width, height) })
  const size = { width: `${tileWidth}px`, height: `${tileHeight}px` }
  return (
    <div class="stage" ref={ref}>
      {tileWidth > 0 && (
        <div
          class="grid"
          role="list"
          aria-label="People"
          style={{ width: `${columns * (tileWidth + gap) - gap + 1}px`, gap: `${gap}px` }}
        >
          {tiles.map((person) => (
            <Tile key={person.id} model={model} person={person} size={size} alone={count === 1} />
          ))}
          {hidden.length > 0 && <MoreTile people={hidden} size={size} onClick={() => (model.panel.value = 'people')} />}
        </div>
      )}
    </div>
  )
}

/** The people who get a tile, oneself always among them, and those for whom there is no room. */
function fitting(people: readonly Participant[], most: number) {
  if (people.length <= most) return { tiles: people, hidden: [] }
  const shown = most - 2
  return { tiles: [...people.slice(0, shown), ...people.slice(-1)], hidden: people.slice(shown, -1) }
}
