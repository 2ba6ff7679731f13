interface Tab<T extends string> {
  value: T
  label: string
  testId: string
}

interface TabsProps<T extends string> {
  label: string
  tabs: readonly Tab<T>[]
  value: T
  onChange: (value: T) => void
  /** Id of the element that shows what is chosen. */
  panel: string
  line?: boolean
}

/** Tabs as WAI-ARIA describes them: one stop for the Tab key, arrows go from one to the next. */
export function Tabs<T extends string>({ label, tabs, value, onChange, panel, line = false }: TabsProps<T>) {
  const go = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const index = tabs.findIndex((tab) => tab.value === value)
    const next = tabs[(index + step + tabs.length) % tabs.length]
    if (next === undefined) return
    onChange(next.value)
    document.getElementById(tabId(panel, next.value))?.focus()
  }
  return (
    <div class={`tabs${line ? ' tabs--line' : ''}`} role="tablist" aria-label={label} onKeyDown={go}>
      {tabs.map((tab) => (
        <button
          key={tab.value}
          id={tabId(panel, tab.value)}
          class="tabs__tab"
          type="button"
          role="tab"
          aria-selected={tab.value === value}
          aria-controls={panel}
          tabIndex={tab.value === value ? 0 : -1}
          data-testid={tab.testId}
          onClick={() => onChange(tab.value)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  )
}

/** Of the tab that labels the panel. */
export const tabId = (panel: string, value: string): string => `${panel}-${value}`
