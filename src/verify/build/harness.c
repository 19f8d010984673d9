/*
 * Calls two functions with all arguments and compares what they return. The program
 * puts what is particular in front: ARGUMENTS, COUNT, the type `answer`, `call`, `show`
 * with IS_TEXT, and the pieces of the images.
 */
static char said[1 << 12];

/* There is no way out but this: after `lock` the kernel allows only write and exit. */
static void end(int length)
{
	if (length > (int)sizeof(said) - 1)
		length = sizeof(said) - 1;
	syscall(SYS_write, 1, said, length);
	syscall(SYS_exit, 0);
}

static void put(const struct piece *piece)
{
	int code = piece->is_code ? PROT_READ | PROT_EXEC : PROT_READ;
	char *at = mmap((void *)piece->page, piece->length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (at != (char *)piece->page)
		end(snprintf(said, sizeof(said), "failed" SEPARATOR "no room at %#lx", piece->page));
	/* No instruction, and no value that a table would have by chance. */
	memset(at, piece->is_code ? 0xcc : 0xa5, piece->length);
	memcpy((char *)piece->start, piece->bytes, piece->size);
	if (mprotect(at, piece->length, code))
		end(snprintf(said, sizeof(said), "failed" SEPARATOR "memory cannot be protected"));
}

#if IS_TEXT
static int is_within(const struct area *areas, int count, answer text)
{
	for (int i = 0; i < count; i++)
		if ((unsigned long)text >= areas[i].start && (unsigned long)text < areas[i].end)
			return 1;
	return 0;
}

static const char *alone = "failed" SEPARATOR "returns an address that is no string's";

static inline int same(answer before, answer after, const struct area *areas, int count)
{
	if (!before || !after)
		return before == after;
	if (!is_within(areas_before, COUNT_OF(areas_before), before) ||
	    !is_within(areas, count, after))
		end(snprintf(said, sizeof(said), "%s", alone));
	return !strcmp(before, after);
}
#define SAME(before, after, areas) same(before, after, areas, COUNT_OF(areas))
#else
#define SAME(before, after, areas) ((before) == (after))
#endif

static void differ(unsigned long n, answer before, answer after)
{
	int length = snprintf(said, sizeof(said), "differ");

	length += show_arguments(said + length, sizeof(said) - length, n);
	length += show(said + length, sizeof(said) - length, before);
	if (length < (int)sizeof(said))
		length += show(said + length, sizeof(said) - length, after);
	end(length);
}

int main(void)
{
	const struct rlimit none = { 0, 0 };

	for (int i = 0; i < COUNT_OF(pieces); i++)
		put(pieces + i);
	setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		end(snprintf(said, sizeof(said), "failed" SEPARATOR "no seccomp"));
	for (unsigned long n = 0; n < COUNT; n++) {
		answer before = call((function)ENTRY_BEFORE, n);
		answer after = call((function)ENTRY_AFTER, n);
		answer moved = call((function)ENTRY_MOVED, n);

		if (!SAME(before, after, areas_after))
			differ(n, before, after);
		if (!SAME(before, moved, areas_moved))
			end(snprintf(said, sizeof(said),
				     "failed" SEPARATOR "reads beyond its constants"));
	}
	end(snprintf(said, sizeof(said), "same" SEPARATOR "%lu", COUNT));
}
