import type { Meeting } from '@parley/contracts'
import { CalendarArrowDown, FileSpreadsheet } from 'lucide-preact'
import { download } from '../../download.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { useTask } from '../../ui/use-task.ts'

/** The meeting for a calendar; who attended, for its host, once it took place. */
export function Files({ meeting, mine }: { meeting: Meeting; mine: boolean }) {
  const { session } = useServices()
  const path = `/v1/meetings/${meeting.id}`
  const calendar = useTask(() => download(session.parley, `${path}/calendar.ics`, `${meeting.code}.ics`))
  const attendance = useTask(() => download(session.parley, `${path}/attendance.csv`, `attendance-${meeting.code}.csv`))
  const took = mine && meeting.startedAt !== null
  const toCome = meeting.scheduledAt !== null && meeting.status !== 'cancelled'
  if (!toCome && !took) return null
  return (
    <section class="card settings__card" aria-labelledby="details-files">
      <h2 id="details-files">Files</h2>
      <ProblemNotice problem={calendar.problem ?? attendance.problem} />
      <div class="settings__buttons">
        {toCome && (
          <Button icon={CalendarArrowDown} busy={calendar.busy} testId="download-calendar" onClick={calendar.start}>
            Add to calendar (.ics)
          </Button>
        )}
        {took && (
          <Button icon={FileSpreadsheet} busy={attendance.busy} testId="download-attendance" onClick={attendance.start}>
            Attendance (.csv)
          </Button>
        )}
      </div>
    </section>
  )
}
