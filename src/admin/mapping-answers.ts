// What the admin API answers about the mapping.
import type { Context as HonoContext } from 'hono'
import type { Explained } from '../context.ts'
import { columnText, explainColumns } from '../mapping/explain/explain-column.ts'
import { faultOfField, readSubject } from '../mapping/explain/explain-subject.ts'
import { mappingSheet } from '../mapping/explain/sheet.ts'
import { sheetCsv, sheetMarkdown } from '../mapping/explain/sheet-text.ts'
import type { Form } from '../store/records.ts'
import type { Sql } from '../store/sql.ts'
import { explainMany, explainSubject, explainText } from './mapping-explain.ts'

interface AnswerOptions extends Explained {
  readonly sql: Sql
  readonly form: Form
}

export function mappingAnswers(options: AnswerOptions) {
  return {
    explain: (c: HonoContext) => explain(c, options),
    rows: (c: HonoContext) => findRows(c, options),
    columns: (c: HonoContext) => c.json({ columns: explainColumns(options.mapping.checked) }),
    column: (c: HonoContext) => tellColumn(c, options),
    table: (c: HonoContext) => tellTable(c, options),
  }
}

function tellColumn(c: HonoContext, { mapping: { checked } }: AnswerOptions): Response {
  const subject = readSubject(c.req.param('column') ?? '', checked)
  if ('fault' in subject) return notFound(c, subject.fault)
  const columns = subject.kind === 'column' ? explainColumns(checked, subject.column) : []
  if (columns.length === 0) return notFound(c, 'A column is named SOURCE.COLUMN.')
  return isText(c) ? c.text(`${columns.map(columnText).join('\n')}\n`) : c.json({ columns })
}

function tellTable(c: HonoContext, { mapping: { checked, settings }, stagedInput }: AnswerOptions): Response {
  const sheet = mappingSheet(checked, stagedInput()?.input.settings ?? settings)
  const format = c.req.query('format') ?? 'json'
  const written = Object.hasOwn(SHEETS, format) ? SHEETS[format] : undefined
  if (written !== undefined) return c.body(written.write(sheet), 200, { 'Content-Type': written.type })
  return format === 'json' ? c.json(sheet) : badRequest(c, '`format` is json, markdown or csv.')
}

const SHEETS: Readonly<Record<string, { readonly type: string; readonly write: typeof sheetCsv }>> = {
  markdown: { type: 'text/markdown; charset=utf-8', write: sheetMarkdown },
  csv: { type: 'text/csv; charset=utf-8; header=present', write: sheetCsv },
}

/** `name` is a collection and `id` a sourcedId, or a rule and the key of a row. */
function explain(c: HonoContext, { sql, mapping, stagedInput, form }: AnswerOptions): Response {
  const { checked } = mapping
  const { name, id } = c.req.param() as { readonly name: string; readonly id: string }
  const { field, redact } = c.req.query()
  const format = c.req.query('format') ?? 'json'
  if (redact !== undefined && redact !== 'true' && redact !== 'false') {
    return badRequest(c, '`redact` is true or false.')
  }
  if (format !== 'json' && format !== 'text') return badRequest(c, '`format` is json or text.')
  const subject = readSubject(`${name}/${id}`, checked)
  if ('fault' in subject) return notFound(c, subject.fault)
  if (subject.kind !== 'record' && subject.kind !== 'row')
    return notFound(c, 'A record is named by its collection and its sourcedId.')
  const collection = name.split('.')[0] ?? name
  const fault = field === undefined ? undefined : faultOfField(field, collection, checked)
  if (fault !== undefined) return notFound(c, fault)
  const staged = stagedInput()
  if (staged === undefined) return noRows(c)
  const options = { sql, checked, staged, form, field, isRedacted: redact === 'true' }
  const explanation = explainSubject(subject, options)
  return format === 'text' ? c.text(`${explainText(explanation, field)}\n`) : c.json(explanation)
}

/** The rows of a source that have a value in one of its columns. The address is written to no log. */
function findRows(c: HonoContext, { mapping: { checked }, stagedInput }: AnswerOptions): Response {
  const value = c.req.query('value')
  const format = c.req.query('format') ?? 'json'
  if (value === undefined) return badRequest(c, 'Write what to look for: `?value=1007`.')
  if (format !== 'json' && format !== 'text') return badRequest(c, '`format` is json or text.')
  const subject = readSubject(`${c.req.param('column') ?? ''}=${value}`, checked)
  if ('fault' in subject) return notFound(c, subject.fault)
  if (subject.kind !== 'rows') return notFound(c, 'A column is named SOURCE.COLUMN.')
  const staged = stagedInput()
  if (staged === undefined) return noRows(c)
  const { data, text } = explainMany(subject, { checked, staged, isRedacted: false })
  return format === 'text' ? c.text(`${text}\n`) : c.json(data)
}

function noRows(c: HonoContext): Response {
  const message = 'There are no rows to explain: no crawl has ended yet, or one is under way right now.'
  return c.json({ error: 'no-rows', message, remedy: 'Start a sync, or wait until the running one has ended.' }, 503)
}

const isText = (c: HonoContext) => c.req.query('format') === 'text'

const notFound = (c: HonoContext, message: string) => c.json({ error: 'not-found', message }, 404)

const badRequest = (c: HonoContext, message: string) => c.json({ error: 'bad-request', message }, 400)
