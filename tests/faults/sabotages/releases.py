"""What is promised of releases, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

TREE = "tests/test_tree.py::"
SHELF = "tests/test_shelf.py::"
CLOSURE = "sources/tests/test_closure.py::"
BUILT = "tests/test_built.py::"
CLEARING = "tests/test_clearing.py::"

RELEASES = below("src/hanse/fleet/releases",
    Sabotage("no path of a release leads out of its folder", "tree.py",
             'and one not in {".", ".."}', "",
             TREE + "test_no_path_leads_out_of_it[../x]"),
    Sabotage("what lies on the shelf is what its name says", "shelf.py",
             "if digest_of(content) != digest:", "if False:",
             SHELF + "test_what_was_changed_where_it_lies_is_not_laid_down"),
    Sabotage("what was laid down is read again", "shelf.py",
             "if digest_of(path.read_bytes()) != file.digest:", "if False:",
             SHELF + "test_what_was_laid_down_is_looked_at_again[changed]"),
    Sabotage("nothing was laid into a release", "shelf.py",
             "if path not in named:", "if False:",
             SHELF + "test_what_was_laid_down_is_looked_at_again[added]"),
    Sabotage("a release is not another one", "shelf.py",
             "if release.digest != digest:", "if False:",
             SHELF + "test_a_release_that_is_another_one_is_refused"),
    Sabotage("what comes and goes beside the sources is not looked into", "sources/closure.py",
             "folder not in self._kept", "True",
             CLOSURE + "test_what_a_fleet_keeps_in_the_project_is_no_source"),
    Sabotage("an import by a computed name takes its package along", "sources/closure.py",
             "if imports.anything:", "if False:",
             CLOSURE + "test_who_imports_what_only_a_run_could_tell_carries_its_whole_package"),
    Sabotage("no link leads out of the project", "sources/closure.py",
             "path.resolve().is_relative_to(folder.resolve())", "True",
             CLOSURE + "test_a_link_out_of_the_project_is_not_followed"),
    Sabotage("a build is of one moment", "sources/closure.py",
             "if path not in self._texts:", "if True:",
             CLOSURE + "test_each_file_is_read_once_so_that_a_build_is_of_one_moment"),
    Sabotage("the commit names nothing", "release.py",
             "name_of(self.service, self.code", "name_of(self.service + self.origin.commit, self.code",
             SHELF + "test_the_same_tree_is_the_same_release_whatever_the_commit"),
    Sabotage("a package is what its hash says", "packages.py",
             '"--require-hashes", "--no-deps", "-r", str(wanted), home',
             '"--no-deps", *(one.split()[0] for one in lock.text().splitlines() if one[0] != " "), home',
             BUILT + "test_a_package_that_is_not_what_its_hash_says_is_refused"),
    Sabotage("two versions of a package share no process", "sources/lock.py",
             "if len(versions) > 1:", "if False:",
             BUILT + "test_what_wants_two_versions_runs_apart_and_is_named"),
    Sabotage("what is served is as it was built", "built.py",
             "files=self._files,", "files={},",
             BUILT + "test_files_that_are_served_are_kept_as_they_were"),
    Sabotage("what runs is kept", "clearing.py",
             "if path.stem in running or _is_new(path, now):", "if _is_new(path, now):",
             CLEARING + "test_what_runs_stays_however_old_it_is"),
    Sabotage("what one may go back to is kept", "clearing.py",
             "or seen[one.service] <= RELEASES_KEPT ", "",
             CLEARING + "test_of_each_service_the_newest_releases_stay_to_go_back_to"),
)  # fmt: skip
