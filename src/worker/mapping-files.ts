// The default mapping, bundled: the same files in the same order as on a disk.
import academicSessions from '../../mappings/academicSessions.yaml'
import classes from '../../mappings/classes.yaml'
import contacts from '../../mappings/contacts.yaml'
import courses from '../../mappings/courses.yaml'
import demographics from '../../mappings/demographics.yaml'
import enrollments from '../../mappings/enrollments.yaml'
import orgs from '../../mappings/orgs.yaml'
import settings from '../../mappings/settings.yaml'
import sourceContacts from '../../mappings/sources/contacts.yaml'
import sourcePeople from '../../mappings/sources/people.yaml'
import sourceSchools from '../../mappings/sources/schools.yaml'
import sourceSections from '../../mappings/sources/sections.yaml'
import staff from '../../mappings/staff.yaml'
import tables from '../../mappings/tables.yaml'
import users from '../../mappings/users.yaml'
import type { MappingFile } from '../mapping/files/load.ts'

export const MAPPING_FILES: readonly MappingFile[] = [
  { path: 'mappings/academicSessions.yaml', text: academicSessions },
  { path: 'mappings/classes.yaml', text: classes },
  { path: 'mappings/contacts.yaml', text: contacts },
  { path: 'mappings/courses.yaml', text: courses },
  { path: 'mappings/demographics.yaml', text: demographics },
  { path: 'mappings/enrollments.yaml', text: enrollments },
  { path: 'mappings/orgs.yaml', text: orgs },
  { path: 'mappings/settings.yaml', text: settings },
  { path: 'mappings/sources/contacts.yaml', text: sourceContacts },
  { path: 'mappings/sources/people.yaml', text: sourcePeople },
  { path: 'mappings/sources/schools.yaml', text: sourceSchools },
  { path: 'mappings/sources/sections.yaml', text: sourceSections },
  { path: 'mappings/staff.yaml', text: staff },
  { path: 'mappings/tables.yaml', text: tables },
  { path: 'mappings/users.yaml', text: users },
]
