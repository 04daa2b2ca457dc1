// The plugin's files: what PowerSchool reads in them, and every rule that is checked before it would refuse.
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { BridgeError } from '../../src/errors.ts'
import { type Plugin, type PluginQuery, pluginFiles } from '../../src/powerschool/plugin.ts'
import { queryName } from '../../src/powerschool/query-name.ts'

const QUERY: PluginQuery = {
  name: 'students',
  core: 'students',
  summary: 'students: all rows',
  description: 'Every row.',
  columns: [
    { alias: 'id', table: 'STUDENTS', column: 'DCID' },
    { alias: 'first_name', table: 'STUDENTS', column: 'FIRST_NAME' },
  ],
  arguments: [{ name: 'since', table: 'STUDENTS', column: 'TRANSACTION_DATE' }],
  sql: [
    'select s.dcid id,',
    "       coalesce(s.first_name, 'a, from (') first_name",
    'from students s',
    'where s.enroll_status <= 0 and s.transaction_date >= :since',
    'order by s.dcid',
  ].join('\n'),
}

const PLUGIN: Plugin = {
  name: 'OneRoster Bridge',
  publisher: 'Greenfield USD',
  email: 'it@example.org',
  prefix: 'org.example.sis.roster',
  queries: [QUERY],
  columns: [
    { table: 'STUDENTS', column: 'TRANSACTION_DATE' },
    { table: 'STUDENTS', column: 'FIRST_NAME' },
    { table: 'STUDENTS', column: 'DCID' },
    { table: 'CC', column: 'DCID' },
  ],
}

const MANIFEST_TEXT = `<?xml version="1.0" encoding="UTF-8"?>
<plugin xmlns="http://plugin.powerschool.pearson.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://plugin.powerschool.pearson.com plugin.xsd" name="OneRoster Bridge" version="2026.0517.043210" description="Lets the OneRoster bridge read rosters. It changes nothing in PowerSchool.">
  <oauth accessLevelV1Api="READ"/>
  <access_request>
    <field table="CC" field="DCID" access="ViewOnly"/>
    <field table="STUDENTS" field="DCID" access="ViewOnly"/>
    <field table="STUDENTS" field="FIRST_NAME" access="ViewOnly"/>
    <field table="STUDENTS" field="TRANSACTION_DATE" access="ViewOnly"/>
  </access_request>
  <publisher name="Greenfield USD">
    <contact email="it@example.org"/>
  </publisher>
</plugin>
`

const QUERIES_TEXT = `<?xml version="1.0" encoding="UTF-8"?>
<queries>
  <query name="${queryName('org.example.sis.roster', QUERY)}" coreTable="students" flattened="true">
    <summary>students: all rows</summary>
    <description>Every row.</description>
    <args>
      <arg name="since" column="STUDENTS.TRANSACTION_DATE" type="primitive" required="true" description="Value of :since"/>
    </args>
    <columns>
      <column column="STUDENTS.DCID">id</column>
      <column column="STUDENTS.FIRST_NAME">first_name</column>
    </columns>
    <sql><![CDATA[
select s.dcid id,
       coalesce(s.first_name, 'a, from (') first_name
from students s
where s.enroll_status <= 0 and s.transaction_date >= :since
order by s.dcid
]]></sql>
  </query>
</queries>
`

const VERSION = '2026.0517.043210'
const textsOf = (plugin: Plugin) => pluginFiles(plugin, VERSION).map(({ text }) => text)
const withQuery = (change: Partial<PluginQuery>): Plugin => ({ ...PLUGIN, queries: [{ ...QUERY, ...change }] })

function refusalOf(plugin: Plugin, version = VERSION): string {
  try {
    pluginFiles(plugin, version)
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'settings-invalid') return error.message
    throw error
  }
  return ''
}

describe('the files', () => {
  it('are a manifest and one file of queries, to the letter', () => {
    expect(pluginFiles(PLUGIN, VERSION)).toEqual([
      { path: 'plugin.xml', text: MANIFEST_TEXT },
      { path: 'queries_root/org.example.sis.roster.named_queries.xml', text: QUERIES_TEXT },
    ])
  })

  it('are the bare manifest where there are no queries, without an access request', () => {
    const [manifest, ...others] = pluginFiles({ ...PLUGIN, queries: [], columns: [] }, VERSION)
    expect(others).toEqual([])
    expect(manifest?.text).toContain('<oauth accessLevelV1Api="READ"/>')
    expect(manifest?.text).not.toContain('access_request')
  })

  it('say the same whatever the order in which columns are asked for', () => {
    expect(textsOf({ ...PLUGIN, columns: PLUGIN.columns.toReversed() })).toEqual(textsOf(PLUGIN))
  })

  it('have no arguments where the query takes none', () => {
    const text = textsOf(withQuery({ arguments: [], sql: QUERY.sql.replace(':since', "'2026-01-01'") }))[1]
    expect(text).not.toContain('arg')
  })

  it('keep every letter of names and SQL', () => {
    const nasty = `A&B <"x"> 'y' ]]> &amp; é 😀`
    const sql = "select s.dcid id, 'a  & b\n    c' first_name from students s where 1 < 2 and 3 > 2 order by s.dcid"
    const plugin = { ...PLUGIN, name: nasty, publisher: nasty }
    const [manifest = '', queries = ''] = textsOf({
      ...plugin,
      queries: [{ ...QUERY, arguments: [], sql, summary: nasty, description: `${nasty}\nnext line` }],
    })
    const parser = new XMLParser({ ignoreAttributes: false, trimValues: false, attributeNamePrefix: '' })
    for (const text of [manifest, queries]) expect(XMLValidator.validate(text)).toBe(true)
    const { plugin: read } = parser.parse(manifest)
    expect({ name: read.name, publisher: read.publisher.name }).toEqual({ name: nasty, publisher: nasty })
    const { query } = parser.parse(queries).queries
    expect(query.summary).toBe(nasty)
    expect(query.description.replaceAll('&#10;', '\n')).toBe(`${nasty}\nnext line`)
    expect(query.sql).toBe(`\n${sql}\n`)
  })
})

describe('the manifest is refused when', () => {
  it.each([
    ['the name is too long', { name: 'N'.repeat(41) }, /PLUGIN_NAME has 41 characters.*takes 40.*found: "NNN/],
    ['there is no name', { name: '' }, /PLUGIN_NAME is empty/],
    ['the name has a control character', { name: 'One\u0000' }, /PLUGIN_NAME has a character that no XML can hold/],
    ['the publisher is half a character', { publisher: '\ud800' }, /PLUGIN_PUBLISHER has a character/],
    ['the publisher is too long', { publisher: 'P'.repeat(101) }, /PLUGIN_PUBLISHER has 101 characters/],
    ['the table is too long', { columns: [...PLUGIN.columns, { table: 'T'.repeat(31), column: 'ID' }] }, /"T+\.ID"/],
    ['the column is none', { columns: [...PLUGIN.columns, { table: 'CC', column: 'A B' }] }, /"CC\.A B" is no table/],
    [
      'a column is in small letters',
      { columns: [...PLUGIN.columns, { table: 'cc', column: 'id' }] },
      /"cc\.id" is no table/,
    ],
    [
      'a column is asked for twice',
      { columns: [...PLUGIN.columns, { table: 'CC', column: 'DCID' }] },
      /CC\.DCID is asked for twice/,
    ],
  ])('%s', (_, change, message) => {
    expect(refusalOf({ ...PLUGIN, ...change })).toMatch(message)
  })

  it('takes names of 40 characters, however many bytes they have', () => {
    expect(refusalOf({ ...PLUGIN, name: '😀'.repeat(40), publisher: 'é'.repeat(100) })).toBe('')
  })

  it.each(['', '1.0-beta', '1..2', '2026.0517.043210.0000'])('the version is %j', (version) => {
    expect(refusalOf(PLUGIN, version)).toContain(`The version ${JSON.stringify(version)} is not`)
  })

  it('the address is too long, without telling it', () => {
    const message = refusalOf({ ...PLUGIN, email: `${'s'.repeat(40)}@example.org` })
    expect(message).toContain('PLUGIN_EMAIL has 52 characters')
    expect(message).not.toContain('sss')
  })
})

describe('a query is refused when', () => {
  const sql = (change: (sql: string) => string) => ({ sql: change(QUERY.sql) })

  it.each<[string, Partial<PluginQuery>, RegExp]>([
    ['its name has capitals', { name: 'Students' }, /name "Students" is not lower-case/],
    ['its name is too long', { name: 's'.repeat(180) }, /has 2\d\d characters, and PowerSchool takes 200/],
    ['its core is no table', { core: 'students s' }, /its core "students s" is no table/],
    ['its summary is too long', { summary: 's'.repeat(51) }, /summary has more than 50 characters/],
    ['it has a control character', { description: '\u0007' }, /a character that no XML can hold/],
    [
      'it reads what is not asked for',
      { columns: [{ alias: 'id', table: 'STUDENTS', column: 'SSN' }, ...QUERY.columns.slice(1)] },
      /reads STUDENTS\.SSN, which the plugin does not ask for/,
    ],
    [
      'an argument is of a column that is not asked for',
      { arguments: [{ name: 'since', table: 'TERMS', column: 'YEARID' }] },
      /reads TERMS\.YEARID/,
    ],
    [
      'an alias has two parts',
      { columns: [{ alias: 'students.id', table: 'STUDENTS', column: 'DCID' }, ...QUERY.columns.slice(1)] },
      /"students\.id" is no name of a column/,
    ],
    ['a column is missing', { columns: QUERY.columns.slice(1) }, /selects 2 columns, and 1 are told of/],
    ['the columns are in another order', { columns: QUERY.columns.toReversed() }, /column 1 of its statement is id/],
    [
      'two columns have one name',
      { columns: [QUERY.columns[0], QUERY.columns[0]].flatMap((one) => one ?? []) },
      /two columns are id/,
    ],
    ['an argument is not used', sql((text) => text.replace(':since', 'null')), /its statement has no :since/],
    ['a bind is no argument', sql((text) => text.replace('<= 0', '<= :top')), /:top is no argument/],
    ['it writes', sql((text) => text.replace('select', 'delete')), /does not begin with SELECT/],
    ['it has two statements', sql((text) => `${text};`), /has a semicolon/],
    ['it has a comment', sql((text) => `${text} -- all`), /has a comment/],
    ['nothing orders it', sql((text) => text.replace(/order by.*/, '')), /has no ORDER BY/],
    [
      'only a sub-select is in order',
      sql((text) => text.replace(/order by.*/, 'and exists (select 1 from cc order by cc.dcid)')),
      /has no ORDER BY/,
    ],
    ['its text would end the CDATA section', sql((text) => text.replace('a, from (', ']]>')), /has \]\]>/],
    ['a tag of a page is in it', sql((text) => text.replace('<= 0', '<s.grade')), /takes for a tag of a page/],
    ['a tag of PS-HTML is in it', sql((text) => text.replace('a, from (', '~(gpa)')), /takes for a tag of a page/],
  ])('%s', (_, change, message) => {
    const refusal = refusalOf(withQuery(change))
    expect(refusal).toMatch(message)
    expect(refusal).toMatch(/\n {4}\S/)
  })

  it.each([
    'org.example.roster',
    'org.example.sis.roster.more',
    'com.powerschool.sis.roster',
    'Org.example.sis.roster',
  ])('the names begin with %s', (prefix) => {
    expect(refusalOf({ ...PLUGIN, prefix })).toMatch(/PLUGIN_QUERIES .*found: /)
  })

  it('another one has its name', () => {
    expect(refusalOf({ ...PLUGIN, queries: [QUERY, QUERY] })).toContain('Two queries have the name students.')
  })

  it('is told of with all other breaches at once', () => {
    const refusal = refusalOf({ ...withQuery({ core: '' }), name: '', email: '' })
    for (const part of ['PLUGIN_NAME', 'PLUGIN_EMAIL', 'Query students']) expect(refusal).toContain(part)
  })

  it('reads no bind, comment or tag out of a quoted text, and no comma out of a call', () => {
    const odd = QUERY.sql
      .replace("'a, from ('", "to_char(s.entrydate, 'HH24:MI; -- it''s')")
      .replace(
        'from students s',
        'from (select t.dcid dcid, t.first_name first_name from students t order by t.dcid) s',
      )
    expect(refusalOf(withQuery({ sql: odd }))).toBe('')
  })
})
