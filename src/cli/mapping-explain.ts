// `bridge mapping explain`: why a field has its value, why a record is not there, and who reads a column.
import { explainMany, explainSubject, explainText } from '../admin/mapping-explain.ts'
import { columnText, explainColumns } from '../mapping/explain/explain-column.ts'
import { faultOfField, type RecordSubject, readSubject } from '../mapping/explain/explain-subject.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import { mappingSettings } from '../mapping-settings.ts'
import { ROSTERING } from '../oneroster/services.ts'
import { stagedInput } from '../sync/staged-input.ts'
import type { Command, CommandInput } from './command.ts'
import { emptyOption } from './mapping-table.ts'
import { print, printJson, say } from './output.ts'
import { OWN_USAGE, type OwnMapping, ownMapping } from './own-mapping.ts'
import { PROFILE_OPTION } from './profile.ts'
import { withStore } from './store.ts'

const USAGE = `bridge mapping explain COLLECTION/ID [FIELD] [--profile ID] [--mapping FILE] [--redact] [--json]
bridge mapping explain RULE/KEY [FIELD] …
bridge mapping explain SOURCE.COLUMN=VALUE …
bridge mapping explain RULE …
bridge mapping explain COLLECTION …
bridge mapping explain SOURCE.COLUMN

  COLLECTION/ID    a record, as consumers see it: users/stu7
  FIELD            one of its fields, in full: email, metadata.microsoft.userFlags
  RULE/KEY         the row of a rule, by its key in PowerSchool: users.student/9
  SOURCE.COLUMN=VALUE  the rows with a number or name that you know: students.local_id=1007, students.name.last_name=Li
  RULE             what became of its rows, and which were left out: users.student
  COLLECTION       the same of its rules; a small one record by record: orgs
  SOURCE.COLUMN    who reads a column: students.contact_info.email; the source alone: all its columns
${OWN_USAGE}
  --redact         masks the values that belong to a person: letters as x, digits as 9
  --json           prints the explanation as data

It looks at the rows of the last complete crawl and at the current snapshot, changes nothing and asks nothing of PowerSchool.
It shows personal data, unless --redact is given.`

export const mappingExplainCommand: Command = {
  name: 'mapping explain',
  summary:
    'Tells why a field has its value, why records are not published, which row a number is, or who reads a column.',
  usage: USAGE,
  options: { ...PROFILE_OPTION, mapping: 'value', redact: 'flag' },
  positionals: [1, 2],
  async run(input) {
    const wrong = emptyOption({ mapping: input.values.mapping })
    if (wrong !== undefined) {
      say(`${wrong}\n\n${USAGE}`)
      return 2
    }
    const [word = '', field] = input.words
    const own = ownMapping(input)
    const mapping = own.load()
    const subject = readSubject(word, mapping.checked)
    if ('fault' in subject) return refuse(subject.fault)
    if (subject.kind === 'column') return explainColumn(subject.column, mapping, input)
    if (subject.kind === 'rows' || subject.kind === 'counts') {
      return field === undefined
        ? explainAll(subject, { own, mapping, input })
        : refuse(`A field is asked of one record, not of \`${word}\`.`)
    }
    const [collection = ''] = subject.kind === 'row' ? subject.rule.split('.') : [subject.collection]
    const fault = field === undefined ? undefined : faultOfField(field, collection, mapping.checked)
    return fault === undefined ? explainOne(subject, field, { own, mapping, input }) : refuse(fault)
  },
}

function refuse(fault: string): number {
  say(fault)
  return 1
}

function explainColumn(column: string, { checked }: Mapping, { isJson }: CommandInput): number {
  const found = explainColumns(checked, column)
  if (isJson) printJson({ columns: found })
  else print(found.map(columnText).join('\n'))
  return 0
}

interface Asked {
  readonly own: OwnMapping
  readonly mapping: Mapping
  readonly input: CommandInput
}

type Many = Parameters<typeof explainMany>[0]

/** Exit code 1 where no row has the value. */
function explainAll(subject: Many, { own: { config }, mapping, input }: Asked): Promise<number> {
  return withStore(input, async (sql) => {
    const settings = mappingSettings(config)
    const staged = stagedInput({ sql, mapping, settings, queryPrefix: config.plugin.queries })
    if (staged === undefined) return refuse(NO_ROWS)
    const isRedacted = input.flags.has('redact')
    const { data, text } = explainMany(subject, { checked: mapping.checked, staged, isRedacted })
    if (input.isJson) printJson(data)
    else print(text)
    return 'found' in data && data.found === 0 ? 1 : 0
  })
}

const NO_ROWS = `There are no rows to explain: no crawl has ended yet, or one is under way right now.
Run \`bridge sync\`, or wait until the running sync has ended; DATA_DIR must be the folder that the bridge works in.`

/** Exit code 0 for a record that is there, 1 for one that is not. */
function explainOne(subject: RecordSubject, field: string | undefined, asked: Asked): Promise<number> {
  const { own, mapping, input } = asked
  const { config } = own
  return withStore(input, async (sql) => {
    const settings = mappingSettings(config)
    const staged = stagedInput({ sql, mapping, settings, queryPrefix: config.plugin.queries })
    if (staged === undefined) return refuse(NO_ROWS)
    const { publicUrl, host, port } = config
    const form = { version: 'v1p1', root: `${publicUrl ?? `http://${host}:${port}`}${ROSTERING.v1p1.base}` } as const
    const isRedacted = input.flags.has('redact')
    const explanation = explainSubject(subject, { sql, checked: mapping.checked, staged, form, field, isRedacted })
    if (input.isJson) printJson(explanation)
    else print(explainText(explanation, field))
    return explanation.isMapped ? 0 : 1
  })
}
