// The files of the plugin: its manifest and its named queries, from plain data.
import { refuseBreaches } from './plugin-rules.ts'
import { element } from './plugin-xml.ts'
import { queryName } from './query-name.ts'

export interface PluginColumn {
  /** PowerSchool's names, in capitals: `STUDENTS`, `FIRST_NAME`. */
  readonly table: string
  readonly column: string
}

export interface PluginQuery {
  /** The last part of its name, to which `queryName` adds: `students`. */
  readonly name: string
  /** The PowerSchool table that its rows are of. */
  readonly core: string
  /** At most 50 characters. */
  readonly summary: string
  readonly description: string
  /** In the order of the select list. */
  readonly columns: readonly (PluginColumn & { readonly alias: string })[]
  readonly arguments: readonly (PluginColumn & { readonly name: string })[]
  readonly sql: string
}

export interface Plugin {
  /** Unique among the plugins of a PowerSchool. */
  readonly name: string
  readonly publisher: string
  readonly email: string
  /** The first four parts of the queries' names, unique among the plugins of a PowerSchool too. */
  readonly prefix: string
  /** None, and no columns either: the bare manifest, which opens /ws/v1 alone. */
  readonly queries: readonly PluginQuery[]
  /** What is asked for; each column that a query touches must be here. */
  readonly columns: readonly PluginColumn[]
}

export interface PluginFile {
  /** In the zip. */
  readonly path: string
  readonly text: string
}

export const MANIFEST = 'plugin.xml'
export const MANIFEST_NAMESPACE = 'http://plugin.powerschool.pearson.com'
const DESCRIPTION = 'Lets the OneRoster bridge read rosters. It changes nothing in PowerSchool.'
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** The manifest first. Refuses with `settings-invalid` and every rule of PowerSchool's that the plugin would breach. */
export function pluginFiles(plugin: Plugin, version: string): readonly PluginFile[] {
  refuseBreaches(plugin, version)
  const manifest = { path: MANIFEST, text: DECLARATION + manifestOf(plugin, version) }
  return plugin.queries.length === 0 ? [manifest] : [manifest, queriesFile(plugin)]
}

/** PowerSchool wants the file's name to be unique among all plugins, so that it is made of the prefix. */
function queriesFile({ prefix, queries }: Plugin): PluginFile {
  const text = element(
    'queries',
    {},
    queries.map((query) => queryElement(prefix, query)),
  )
  return { path: `queries_root/${prefix}.named_queries.xml`, text: DECLARATION + text }
}

function manifestOf({ name, publisher, email, columns }: Plugin, version: string): string {
  const fields = columns
    .toSorted((a, b) => compare(a.table, b.table) || compare(a.column, b.column))
    .map(({ table, column }) => element('field', { table, field: column, access: 'ViewOnly' }))
  const attributes = {
    xmlns: MANIFEST_NAMESPACE,
    'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
    'xsi:schemaLocation': `${MANIFEST_NAMESPACE} plugin.xsd`,
    name,
    version,
    description: DESCRIPTION,
  }
  return element('plugin', attributes, [
    // Without this attribute PowerSchool 25.2 and later deny every /ws/v1 request.
    element('oauth', { accessLevelV1Api: 'READ' }),
    ...(fields.length === 0 ? [] : [element('access_request', {}, fields)]),
    element('publisher', { name: publisher }, [element('contact', { email })]),
  ])
}

function queryElement(prefix: string, query: PluginQuery): string {
  const args = query.arguments.map(({ name, table, column }) =>
    element('arg', {
      name,
      column: `${table}.${column}`,
      type: 'primitive',
      required: 'true',
      description: `Value of :${name}`,
    }),
  )
  const columns = query.columns.map(({ table, column, alias }) =>
    element('column', { column: `${table}.${column}` }, alias),
  )
  return element('query', { name: queryName(prefix, query), coreTable: query.core, flattened: 'true' }, [
    element('summary', {}, query.summary),
    element('description', {}, query.description),
    ...(args.length === 0 ? [] : [element('args', {}, args)]),
    element('columns', {}, columns),
    // Not escaped, for a person reads it: the rules refuse SQL that would end the section.
    `<sql><![CDATA[\n${query.sql}\n]]></sql>\n`,
  ])
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
