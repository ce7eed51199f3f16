using System.Runtime.InteropServices;

namespace DaprShop.Local.Hosting;

/// <summary>
/// On Linux, the whole shop as a batch job to the scheduler: a thread that wakes up waits for the one that runs to give way instead of taking
/// its place. A dozen processes share a machine's few cores here, and each wakes another with every message; left to run on, they find more
/// to do at each turn and take fewer turns (what that saves: bench/README.md). The policy is each thread's own and passes to the threads and
/// processes it starts: https://man7.org/linux/man-pages/man7/sched.7.html, SCHED_BATCH.
/// </summary>
internal static class BatchScheduling
{
    private const int SchedOther = 0;
    private const int SchedBatch = 3;

    /// <summary>
    /// For this process's threads and whatever they start from now on. Only from the default policy, for whoever chose another meant it; and
    /// only if the system lets us, for it is about speed alone.
    /// </summary>
    public static void Adopt()
    {
        if (!OperatingSystem.IsLinux()) return;
        var priority = 0;
        foreach (var thread in Directory.EnumerateDirectories("/proc/self/task").Select(path => int.Parse(Path.GetFileName(path))))
        {
            if (sched_getscheduler(thread) == SchedOther) _ = sched_setscheduler(thread, SchedBatch, ref priority);
        }
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int sched_getscheduler(int thread);

    /// <param name="thread">The thread's number.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="parameters">A <c>sched_param</c>, which is a priority alone: 0 for policies without.</param>
    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int sched_setscheduler(int thread, int policy, ref int parameters);
}
