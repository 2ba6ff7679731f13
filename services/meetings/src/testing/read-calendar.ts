import ICAL from 'ical.js'

/** The reading of an iCalendar text of one event by a calendar program: zones only by what the text itself says of them. */
export function readCalendar(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text) as [])
  const event = calendar.getFirstSubcomponent('vevent')
  if (event === null) throw new Error('there is no event')
  const time = (name: string): Date => (event.getFirstPropertyValue(name) as ICAL.Time).toJSDate()
  const value = (name: string): string => String(event.getFirstPropertyValue(name))
  return {
    method: String(calendar.getFirstPropertyValue('method')),
    zones: calendar.getAllSubcomponents('vtimezone').map((zone) => String(zone.getFirstPropertyValue('tzid'))),
    zone: event.getFirstProperty('dtstart')?.getFirstParameter('tzid'),
    start: time('dtstart'),
    end: time('dtend'),
    stamp: time('dtstamp'),
    uid: value('uid'),
    sequence: Number(value('sequence')),
    status: value('status'),
    summary: value('summary'),
    description: value('description'),
    url: value('url'),
    organizer: { address: value('organizer'), name: event.getFirstProperty('organizer')?.getFirstParameter('cn') },
    attendee: value('attendee'),
  }
}
