export interface Metric {
  name: string
  type: string
  help: string
  /** Those that its series have now, besides `service`. */
  labels: readonly string[]
}

/** The samples of Parley's own metrics in a text of Prometheus's format, and by `all` of Node's too. */
export function metricsIn(text: string, { all = false } = {}): Metric[] {
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [name, help]))
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type = '']) =>
    all || name.startsWith('parley_')
      ? [{ name, type, help: helps.get(name) ?? '', labels: labelsOf(name, text) }]
      : [],
  )
}

/** The series of a metric, as queries name them. */
export const seriesOf = ({ name, type }: Metric): string[] =>
  type === 'histogram' || type === 'summary' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]

function labelsOf(name: string, text: string): string[] {
  const found = new Set<string>()
  for (const [, labels = ''] of text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{([^}]*)\\}`, 'gm')))
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g))
      if (label !== 'service' && label !== 'le') found.add(label)
  return [...found]
}

/** Names of metrics in a query; functions and labels are not among them. */
export const namesIn = (query: string): string[] => [
  ...new Set(query.match(/\b(?:parley|process|nodejs)_[a-z0-9_]+/g) ?? []),
]
