import { CalendarClock, Zap } from 'lucide-preact'
import { Choice, type Option } from '../../ui/choice.tsx'
import { Field } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'
import type { MeetingInput } from './create-dialog.tsx'

const options: readonly Option<'now' | 'later'>[] = [
  { value: 'later', label: 'Later', icon: CalendarClock },
  { value: 'now', label: 'Right now', icon: Zap },
]

/** Lengths to choose from, in minutes. */
export const durations = [
  { value: '15', label: '15 minutes' },
  { value: '30', label: '30 minutes' },
  { value: '45', label: '45 minutes' },
  { value: '60', label: '1 hour' },
  { value: '90', label: '1½ hours' },
  { value: '120', label: '2 hours' },
]

/** When a meeting takes place. */
export const WhenFields = ({ draft, set }: { draft: MeetingInput; set: (change: Partial<MeetingInput>) => void }) => (
  <>
    <Choice
      legend="When"
      options={options}
      value={draft.later ? 'later' : 'now'}
      onChange={(value) => set({ later: value === 'later' })}
    />
    {draft.later && (
      <div class="form__row">
        <Field
          label="Starts"
          type="datetime-local"
          value={draft.when}
          onInput={(when) => set({ when })}
          testId="create-when"
          input={{ required: true }}
        />
        <Select label="Length" value={draft.minutes} options={durations} onChange={(minutes) => set({ minutes })} />
      </div>
    )}
  </>
)
