// Explanations of small mappings over rows in memory, as text and as data.
import type { CheckedMapping } from '../../src/mapping/check/check.ts'
import { coerceRow } from '../../src/mapping/coerce.ts'
import { type ExplainQuestion, explainRecord, explainRow } from '../../src/mapping/explain/explain.ts'
import { explanationText } from '../../src/mapping/explain/explain-text.ts'
import type { RunInput } from '../../src/mapping/ports.ts'
import { compileMapping } from '../../src/mapping/run/compile.ts'
import { memoryRows } from '../../src/mapping/run/memory-rows.ts'
import type { District } from './support.ts'

export function inputOf(mapping: CheckedMapping, { rows, settings = {}, today = '2026-10-01' }: District): RunInput {
  const sources = compileMapping(mapping).sources.map(({ name, keySlot, shape }) => ({
    name,
    keySlot,
    rows: (rows[name] ?? []).map((raw) => coerceRow(shape, raw).row),
  }))
  return { rows: memoryRows(sources), settings, today }
}

export interface Asked extends District, Pick<ExplainQuestion, 'field' | 'crawl'> {
  readonly published?: RunInput['published']
}

/** `users/stu7` or `users.student/7`. */
export function explain(mapping: CheckedMapping, subject: string, { field, crawl, published, ...district }: Asked) {
  const input = { ...inputOf(mapping, district), ...(published && { published }) }
  const [name = '', id = ''] = subject.split('/')
  const more = { ...(field !== undefined && { field }), ...(crawl && { crawl }) }
  return name.includes('.')
    ? explainRow(mapping, input, { rule: name, key: id, ...more })
    : explainRecord(mapping, input, { collection: name, sourcedId: id, ...more })
}

export function told(mapping: CheckedMapping, subject: string, asked: Asked): string[] {
  return explanationText(explain(mapping, subject, asked), asked.field).split('\n')
}
