# Each target is a script of its own; they install what is missing (Debian 12 and 13).
.PHONY: run test check bench fuzz memory package

run: ## Build Kapsel and open its window (without a display: the same journey by the command line)
	@scripts/run

test: ## Everything: format, lints, interface, libraries, command line, vectors, window, fuzzing, licences
	@scripts/test

check: ## Quick: format, lints, unit tests
	@scripts/check

bench: ## Whole-program figures beside age, pigz and openssl, and what a capsule server does
	@scripts/install bench
	@status=0; scripts/bench-server || status=1; scripts/bench || status=1; exit $$status

fuzz: ## Every fuzz target for a minute (SECONDS_EACH=600 for longer)
	@scripts/fuzz

memory: ## The release build of the command line, searched for secrets that opening left in its memory
	@scripts/memory

package: ## .deb and .rpm of the window, .deb of the command line, into target/packages
	@scripts/package
