// The default mapping with every field filled that the standard knows, from what the simulated PowerSchool has.
import { parseDocument, stringify } from 'yaml'
import { loadMapping } from '../../src/load-mapping.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'

/** Below `entities`: collection → rule → field → value. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>> = {
  academicSessions: { term: {} },
  orgs: { school: {} },
  enrollments: { student: {} },
  courses: {
    course: {
      schoolYear: { ref: 'academicSessions.term', match: { portion: 1 } },
      grades: ['09', '10'],
      subjects: ['English', '=course_name'],
      subjectCodes: ['01001', '=text(id)'],
    },
  },
  classes: {
    section: {
      classType: '=if(section_number = "1", "homeroom", "scheduled")',
      location: '=join(" ", "Room", section_number)',
      grades: ['09'],
      subjects: ['English'],
      subjectCodes: ['01001'],
    },
  },
  users: {
    student: {
      sms: '=e164(phones.main.number, settings.country_code)',
      userMasterIdentifier: '=state_province_id',
      preferredFirstName: '=name.first_name',
      preferredMiddleName: '=name.middle_name',
      preferredLastName: '=name.last_name',
      pronouns: 'they/them',
      agents: [
        { ref: 'users.guardian', key: '=id' },
        { ref: 'users.relative', key: '=id' },
      ],
    },
  },
  demographics: {
    student: {
      countryOfBirthCode: 'US',
      stateOfBirthAbbreviation: 'AZ',
      cityOfBirth: '=join(" ", "Example", "City")',
      publicSchoolResidenceStatus: '01652',
    },
  },
}

/** Rules of people about a student, who are linked both ways. */
const AROUND_STUDENTS = ['guardian', 'parent', 'relative'] as const
const OF_STAFF = ['aide', 'proctor', 'administrator'] as const
const OF_SECTIONS = ['aide', 'proctor', 'administrator'] as const

/** Everybody has metadata; terms of four a year are grading periods; students, staff and sections bring every role. */
export function createRichMapping(): Mapping {
  const files = readMappingFiles().map(({ path, text }) => {
    const document = parseDocument(text)
    for (const [collection, rules] of Object.entries(FIELDS)) {
      for (const [rule, fields] of Object.entries(rules)) {
        if (!document.hasIn(['entities', collection, rule])) continue
        for (const [name, value] of Object.entries(fields)) {
          document.setIn(['entities', collection, rule, 'fields', name], document.createNode(value))
        }
        document.setIn(['entities', collection, rule, 'metadata'], document.createNode(METADATA))
      }
    }
    if (document.hasIn(['tables', 'term_type'])) document.setIn(['tables', 'term_type', '4'], 'gradingPeriod')
    return { path, text: String(document) }
  })
  const added = { entities: { users: { ...aroundStudents(), ...ofStaff() }, enrollments: ofSections() } }
  return loadMapping([
    ...files,
    { path: 'mappings/rich.yaml', text: stringify(added, { aliasDuplicateObjects: false }) },
  ])
}

const METADATA = { 'example.origin': 'simulated', 'example.number': '=id', 'example.kept': true }
const SCHOOL_OF_STUDENT = { in: 'orgs.school', key: '=school_enrollment.school_id' }

function aroundStudents() {
  return Object.fromEntries(
    AROUND_STUDENTS.map((role) => [
      role,
      {
        from: 'students',
        with: { student: { in: 'users.student', key: '=id' }, school: SCHOOL_OF_STUDENT },
        id: `="${role}-" & id`,
        fields: {
          enabledUser: false,
          role,
          username: `="${role}." & id`,
          givenName: '=name.first_name',
          familyName: '=name.last_name',
          agents: [{ ref: 'users.student', key: '=id' }],
          orgs: [{ ref: 'orgs.school', key: '=school_enrollment.school_id' }],
        },
      },
    ]),
  )
}

function ofStaff() {
  return Object.fromEntries(
    OF_STAFF.map((role) => [
      `extra_${role}`,
      {
        from: 'staff',
        one_per: '=users_dcid',
        order: '=id',
        with: { teacher: { in: 'users.teacher', key: '=id' } },
        id: `="${role}_" & users_dcid`,
        fields: {
          enabledUser: true,
          role,
          username: `="${role}." & users_dcid`,
          givenName: '=name.first_name',
          familyName: '=name.last_name',
          // Administrators of the district too: 1.2 calls them otherwise than those of a school.
          orgs:
            role === 'administrator'
              ? [
                  { ref: 'orgs.district', match: {} },
                  { ref: 'orgs.school', key: '=first(school_affiliations.school_affiliation.school_id)' },
                ]
              : { refs: 'orgs.school', match: {}, order: '=it.id' },
        },
      },
    ]),
  )
}

function ofSections() {
  return Object.fromEntries(
    OF_SECTIONS.map((role) => [
      role,
      {
        from: 'sections',
        with: { section: { in: 'classes.section', key: '=id' }, lead: { in: 'users.teacher', key: '=staff_id' } },
        id: `="sec" & id & "${role}"`,
        fields: {
          role,
          user: { ref: `users.extra_${role}`, key: '=staff_id' },
          class: { ref: 'classes.section', key: '=id' },
          school: { ref: 'orgs.school', key: '=school_id' },
        },
      },
    ]),
  )
}
