import { Hand, Mic, MicOff, Video } from 'lucide-preact'

const people = [
  { name: 'Ada', tone: 1 },
  { name: 'Grace', tone: 3 },
  { name: 'Linus', tone: 5 },
  { name: 'Mary', tone: 6 },
]

/** A drawn meeting, as an ornament of the welcome page. */
export const Stage = () => (
  <div class="stage-art" aria-hidden="true">
    {people.map(({ name, tone }, index) => (
      <div key={name} class={`stage-art__tile${index === 1 ? ' stage-art__tile--speaking' : ''}`}>
        <span class={`avatar avatar--medium avatar--colour-${tone}`}>{name.slice(0, 1)}</span>
        <span class="stage-art__name">
          {index === 2 ? <MicOff size={12} /> : <Mic size={12} />} {name}
        </span>
      </div>
    ))}
    <div class="stage-art__bar">
      <span>
        <Mic size={16} />
      </span>
      <span>
        <Video size={16} />
      </span>
      <span>
        <Hand size={16} />
      </span>
    </div>
  </div>
)
