import { ChevronLeft, ChevronRight } from 'lucide-preact'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { aspectFor, layoutGrid } from '../../lib/grid.ts'
import { pagesOf } from '../../lib/order.ts'
import { IconButton } from '../../ui/button.tsx'
import { isNarrow } from '../../ui/media-query.ts'
import { OwnPresentation, Presentation, PresenterChoice } from './presentation.tsx'
import type { RoomModel } from './room-model.ts'
import { Tile } from './tile.tsx'
import { useSize } from './use-size.ts'

/** Everybody in pages of a grid. Or a shared screen or one person is large, with the others beside it. */
export function Stage({ model }: { model: RoomModel }) {
  const screen = model.screens.shown.value
  const large = model.large.value
  const pinned = model.pinned.value !== null && large !== null
  if (screen !== null && !pinned)
    return (
      <LargeStage model={model} except={null}>
        <Presentation model={model} shown={screen} />
      </LargeStage>
    )
  if (large === null) return <GridStage model={model} />
  return (
    <LargeStage model={model} except={large.id}>
      <div class="large" role="list" aria-label="Shown large" data-testid="large">
        <Tile model={model} person={large} size={{ width: '100%', height: '100%' }} />
      </div>
    </LargeStage>
  )
}

interface LargeStageProps {
  model: RoomModel
  /** The person shown large already. */
  except: string | null
  children: ComponentChildren
}

function LargeStage({ model, except, children }: LargeStageProps) {
  return (
    <div class="stage stage--presenting">
      <div class="stage__large">
        <div class="stage__bar">
          <PresenterChoice model={model} />
          <OwnPresentation model={model} />
        </div>
        {children}
      </div>
      <div class="strip" role="list" aria-label="People" tabIndex={0}>
        {model.tiles.value
          .filter(({ id }) => id !== except)
          .map((person) => (
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
  const people = model.tiles.value
  const pages = pagesOf(people, model.pageSize.value)
  const [wanted, setPage] = useState(0)
  const page = Math.min(wanted, pages.length - 1)
  const tiles = pages[page] ?? []
  const narrow = isNarrow()
  useEffect(() => {
    if (width > 0) model.pageSize.value = pageSizeFor(width, height, narrow)
  }, [width, height, narrow])
  const { columns, tileWidth, tileHeight } = layoutGrid({
    width,
    height,
    count: tiles.length,
    gap,
    aspect: aspectFor(width, height),
  })
  const size = { width: `${tileWidth}px`, height: `${tileHeight}px` }
  return (
    <div class={`stage${pages.length > 1 ? ' stage--paged' : ''}`}>
      <div class="stage__pages" ref={ref}>
        {tileWidth > 0 && (
          <div
            class="grid"
            role="list"
            aria-label="People"
            style={{ width: `${columns * (tileWidth + gap) - gap + 1}px`, gap: `${gap}px` }}
          >
            {tiles.map((person) => (
              <Tile key={person.id} model={model} person={person} size={size} alone={people.length === 1} />
            ))}
          </div>
        )}
      </div>
      {pages.length > 1 && <Pager page={page} count={pages.length} onGo={setPage} />}
    </div>
  )
}

/** As many tiles as stay large enough to tell faces apart. */
function pageSizeFor(width: number, height: number, narrow: boolean): number {
  if (narrow) return height > width ? 8 : 6
  const columns = Math.max(2, Math.floor(width / 230))
  const rows = Math.max(1, Math.floor(height / 140))
  return Math.min(25, Math.max(4, columns * rows))
}

interface PagerProps {
  page: number
  count: number
  onGo: (page: number) => void
}

const Pager = ({ page, count, onGo }: PagerProps) => (
  <nav class="pager" aria-label="Pages of people">
    <IconButton
      icon={ChevronLeft}
      label="Previous people"
      testId="page-before"
      disabled={page === 0}
      onClick={() => onGo(page - 1)}
    />
    <span aria-live="polite" data-testid="page-number">
      {page + 1} of {count}
    </span>
    <IconButton
      icon={ChevronRight}
      label="More people"
      testId="page-after"
      disabled={page === count - 1}
      onClick={() => onGo(page + 1)}
    />
  </nav>
)
