// What PowerSchool demands of a plugin's named queries.
import type { Plugin, PluginQuery } from './plugin.ts'
import { type Breach, duplicatesOf, MEND_MAPPING, nameOf, quote } from './plugin-breach.ts'
import { bindsOf, selectList, sqlBreaches } from './plugin-sql.ts'
import { isXmlText } from './plugin-xml.ts'
import { queryName } from './query-name.ts'

const LONGEST = { query: 200, summary: 50 } as const
const PREFIX = /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){3}$/
const PART = /^[a-z][a-z0-9_]*$/
const TABLE_NAME = /^[A-Za-z][A-Za-z0-9_$#]{0,29}$/
const ALIAS = /^[A-Za-z0-9_]+$/

/** Of the queries and the prefix of their names; none where there are no queries. */
export function queryBreaches(plugin: Plugin): readonly Breach[] {
  const { prefix, queries } = plugin
  if (queries.length === 0) return []
  const asked = new Set(plugin.columns.map(nameOf))
  const isPrefix = PREFIX.test(prefix) && !prefix.startsWith('com.powerschool')
  return [
    ...(isPrefix
      ? []
      : [
          {
            message: `PLUGIN_QUERIES is not four parts of lower-case letters, digits and underscores, or is PowerSchool's own (found: ${quote(prefix)}).`,
            remedy: 'Write it like org.example.sis.roster.',
          },
        ]),
    ...duplicatesOf(queries.map(({ name }) => name)).map((name) => ({
      message: `Two queries have the name ${name}.`,
      remedy: 'Rename one of the sources in the mapping.',
    })),
    ...queries.flatMap((query) => [
      ...nameBreaches(prefix, query),
      ...partBreaches(query, asked).map((message) => ({
        message: `Query ${query.name}: ${message}`,
        remedy: MEND_MAPPING,
      })),
    ]),
  ]
}

function nameBreaches(prefix: string, query: PluginQuery): readonly Breach[] {
  const full = queryName(prefix, query)
  if (!PART.test(query.name)) {
    return [
      {
        message: `The query's name ${quote(query.name)} is not lower-case letters, digits and underscores.`,
        remedy: 'Rename its source in the mapping.',
      },
    ]
  }
  if (full.length <= LONGEST.query) return []
  return [
    {
      message: `The query's name ${full} has ${full.length} characters, and PowerSchool takes ${LONGEST.query}.`,
      remedy: 'Shorten PLUGIN_QUERIES, or rename its source in the mapping.',
    },
  ]
}

/** What is wrong inside of one query, as sentences. */
function partBreaches(query: PluginQuery, asked: ReadonlySet<string>): readonly string[] {
  const named = [...query.columns, ...query.arguments]
  return [
    ...(TABLE_NAME.test(query.core) ? [] : [`its core ${quote(query.core)} is no table.`]),
    ...([...query.summary].length <= LONGEST.summary
      ? []
      : [`its summary has more than ${LONGEST.summary} characters (found: ${quote(query.summary)}).`]),
    ...[query.summary, query.description, query.sql].flatMap((text) =>
      isXmlText(text) ? [] : ['it has a character that no XML can hold.'],
    ),
    ...[...new Set(named.map(nameOf))]
      .filter((name) => !asked.has(name))
      .map((name) => `it reads ${name}, which the plugin does not ask for.`),
    ...query.columns
      .filter(({ alias }) => !ALIAS.test(alias))
      .map(({ alias }) => `${quote(alias)} is no name of a column.`),
    ...duplicatesOf(query.columns.map(({ alias }) => alias.toLowerCase())).map((alias) => `two columns are ${alias}.`),
    ...listBreaches(query),
    ...argumentBreaches(query),
    ...sqlBreaches(query.sql),
  ]
}

/** Number and order of the columns are those of the select list. */
function listBreaches({ columns, sql }: PluginQuery): readonly string[] {
  const items = selectList(sql)
  if (items.length !== columns.length) {
    return [`its statement selects ${items.length} columns, and ${columns.length} are told of.`]
  }
  return columns.flatMap(({ alias }, at) =>
    items[at] === alias.toLowerCase()
      ? []
      : [`column ${at + 1} of its statement is ${items[at]}, and ${alias} is told of.`],
  )
}

function argumentBreaches({ arguments: given, sql }: PluginQuery): readonly string[] {
  const names = given.map(({ name }) => name)
  const binds = bindsOf(sql)
  return [
    ...duplicatesOf(names).map((name) => `two arguments are ${name}.`),
    ...names.filter((name) => !binds.has(name)).map((name) => `its statement has no :${name}.`),
    ...[...binds].filter((bind) => !names.includes(bind)).map((bind) => `:${bind} is no argument of it.`),
  ]
}
