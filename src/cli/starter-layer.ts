// The layer that `mapping init` writes: all of it in comments, so that it changes nothing until something is taken out of them.
import type { SettingDoc } from '../mapping/editor/setting-docs.ts'

const HEAD = `# What this district has otherwise than the default mapping. All else stays as it is there.
#
# Take away the \`# \` before what you want, and before the keys that it stands under: \`settings:\`, \`entities:\` and so on,
# each once. Change the values to yours. Then look at it with
#
#   npm run bridge -- mapping check --mapping FILE --watch
#
# The default mapping, which shows the names of all rules, fields and columns, is in the folder mappings/ of the bridge.
extends: default`

const SOURCES = `sources:
  students:
    # The columns of an extension table, and how it is read: over /ws/v1, and by the plugin's query through the table's column
    # that holds the student's number.
    fields: { u_students_extension: { bus_route: text } }
    rest: { extend: [u_students_extension] }
    powerquery: { extend: { u_students_extension: { studentsdcid: id } } }`

const TABLES = `tables:
  grade:
    # A code table: a code of this district, and what it is in OneRoster.
    14: PS`

const ENTITIES = `entities:
  orgs:
    school:
      # Leave a school out, and with it who and what belongs to it alone: the conditions as before, and one more.
      where: [=inherited, =school_number != 190]
  users:
    student:
      fields:
        # A field from another column.
        identifier: =state_province_id
        # A fall-back: the value as before, and where there is none, one made of the number.
        email: =first(inherited, email(local_id & "@students.example.org"))
        # A field that is not published.
        middleName: null
      metadata:
        # A field of your own, from any column.
        district.studentNumber: =local_id
        # One from a column of the extension table; it needs the lines under \`sources:\`, too.
        district.busRoute: =u_students_extension.bus_route
      # Tests: the row, and what is made of it. Run them with \`mapping test\`.
      examples:
        - it: publishes the student's number
          row: { id: 7, local_id: 1007, name: { first_name: Ada, last_name: Li }, school_enrollment: { enroll_status_code: 0, grade_level: 5, school_id: 3 } }
          given:
            schools: [{ id: 3, name: Oak Elementary, school_number: 103 }]
          gives: { sourcedId: stu7, givenName: Ada }
  demographics:
    student:
      # Switch a rule off.
      enabled: false`

/** `schema` is the path of the schema from the layer's folder. Every line below the head is a comment. */
export function starterLayer(schema: string, settings: readonly SettingDoc[]): string {
  const parts = [settingLines(settings), SOURCES, TABLES, ENTITIES]
  return [`# yaml-language-server: $schema=${schema}`, HEAD, ...parts.map((part) => `\n${inComments(part)}`), ''].join(
    '\n',
  )
}

function settingLines(settings: readonly SettingDoc[]): string {
  const lines = settings.flatMap(({ name, value, oneOf, note, above, isApart }) => {
    const words = oneOf && `one of: ${oneOf.join(', ')}`
    const hints = [note, words].filter((hint) => hint !== undefined).join('; ')
    return [
      ...(isApart ? [''] : []),
      ...above.map((line) => `  # ${line}`),
      `  ${name}: ${value}${hints === '' ? '' : ` # ${hints}`}`,
    ]
  })
  return ['settings:', ...lines].join('\n')
}

const inComments = (text: string) => text.replaceAll(/^(?=.)/gm, '# ').replaceAll(/^$/gm, '#')
