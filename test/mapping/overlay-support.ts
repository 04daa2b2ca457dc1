// A mapping and layers over it, as text, for the tests of layers.
import { type CheckedMapping, checkMapping } from '../../src/mapping/check/check.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import { BASE, type District, fieldsOf, MODEL, runMapping } from './support.ts'

/** What the layers of the tests lie over: BASE, and one rule of students. Its fields begin in line 9. */
export const STUDENTS = `entities:
  users:
    student:
      from: students
      where: =active
      with: { school: { in: orgs.school, key: =school_id } }
      id: ="stu" & id
      fields:
        username: =lower(name.first)
        role: student
        grades: [=name.last, x]
        userIds:
          - { type: Local, identifier: =text(id) }
        org: { ref: orgs.school, key: =school_id }
        orgs:
          each: =[school.id]
          as: place
          value: { ref: orgs.school, key: =place }
      metadata:
        kind: { group: a, note: =name.last }
      examples:
        - it: maps a student
          row: { id: 7, school_id: 3, active: true, name: { first: Ada } }
          given: { schools: [{ id: 3, name: Oak }] }
          gives: { username: ada }
`

const FILES = [
  { path: 'base.yaml', text: BASE },
  { path: 'students.yaml', text: STUDENTS },
]

/** The layers are `1.yaml`, `2.yaml` …, the lowest first. */
export const checkLayers = (...texts: readonly string[]) =>
  checkMapping(
    FILES,
    MODEL,
    texts.map((text, index) => ({ path: `${index + 1}.yaml`, text })),
  )

export const layerFaults = (...texts: readonly string[]) =>
  checkLayers(...texts).diagnostics.map((found) => formatDiagnostic(found))

export function layered(...texts: readonly string[]): CheckedMapping {
  const { mapping } = checkLayers(...texts)
  if (mapping === undefined) throw new Error(layerFaults(...texts).join('\n'))
  return mapping
}

/** A layer with these lines under the fields of users.student, beginning in line 6, column 9. */
export const fieldsLayer = (...lines: readonly string[]) => ruleLayer('fields:', ...lines.map((line) => `  ${line}`))

/** A layer with these lines under users.student, beginning in line 5, column 7. */
export const ruleLayer = (...lines: readonly string[]) =>
  `extends: default\nentities:\n  users:\n    student:\n${lines.map((line) => `      ${line}\n`).join('')}`

const DISTRICT: District = {
  rows: {
    schools: [
      { id: 3, name: 'Oak', number: 103 },
      { id: 4, name: 'Elm', number: 104 },
    ],
    students: [
      { id: 7, school_id: 3, other_id: 4, active: true, mark: 2, name: { first: 'Ada', last: 'Li' }, tags: ['T'] },
      { id: 8, school_id: 4, active: true, name: { first: 'Bo' } },
    ],
  },
}

/** The fields of the student Ada Li as these layers publish them. */
export const ada = (...texts: readonly string[]) => fieldsOf(runMapping(layered(...texts), DISTRICT), 'stu7')

/** All records as these layers publish them. */
export const records = (...texts: readonly string[]) => runMapping(layered(...texts), DISTRICT).records
