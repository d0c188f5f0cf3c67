# complete.zsh DIRECTORY LINE: what zsh would complete LINE to by the functions in DIRECTORY, each word in angle brackets.
# An interactive shell on a terminal of its own completes, and its compadd prints what it is given.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=(${(q)1} \$fpath); autoload -U compinit; compinit -u -D
compadd() {
	[[ \$@[1,(i)(-|--)] == *-(O|A|D)\ * ]] && { builtin compadd \"\$@\"; return; }
	local -a fitting
	builtin compadd -A fitting \"\$@\"
	local word
	for word in \$fitting; do print -r -- \"<\$word>\"; done
}
ask() { print; _main_complete; exit; }
zle -C ask complete-word ask; bindkey '^X' ask"
zpty -w -n shell "$2"$'\x18'
while zpty -r shell line; do print -r -- $line; done
