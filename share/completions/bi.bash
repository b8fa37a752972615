# Completions for bash of all programs of bi. The tables that begin this file when it is installed are made of the
# programs' own --help by share/completions/generate.

# The names of the batches of the root that the command line names.
_bi_batches() {
	local i root=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-r | --root) root=(--root "${COMP_WORDS[i + 1]}") ;;
		esac
	done
	bi-status "${root[@]}" --json --limit 0 2>/dev/null | sed -n 's/.*"name":"\([^"]*\)".*/\1/p'
}

# What may stand for KIND, the word in capitals that a usage has for it.
_bi_values() {
	case $1 in
	DIR) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
	BATCH) mapfile -t COMPREPLY < <(compgen -W "$(_bi_batches)" -- "$2") ;;
	FILE | SOCKET) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
	esac
	case $1 in DIR | FILE) compopt -o filenames 2>/dev/null ;; esac
}

_bi() {
	local program=${COMP_WORDS[0]##*/} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} option kind
	local -a names=() kinds=()

	COMPREPLY=()
	for option in ${_bi_options[$program]}; do
		if [[ ${option%%=*} == "$before" && $option == *=* ]]; then
			_bi_values "${option#*=}" "$current"
			return
		fi
		names+=("${option%%=*}")
	done
	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${names[*]}" -- "$current")
		return
	fi
	for kind in ${_bi_operands[$program]}; do
		case $kind in
		*[a-z]*) kinds+=("$kind") ;; # a verb
		*) _bi_values "$kind" "$current" && names=("${COMPREPLY[@]}") ;;
		esac
	done
	if ((${#kinds[@]})) && ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "${kinds[*]}" -- "$current")
	fi
}

complete -F _bi "${!_bi_options[@]}"
