using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace DaprShop.Local.Hosting;

/// <summary>
/// The processes of this run, one small file each (<c>{pid}</c> holding the start time), so that the next run can end those that
/// outlived a runtime that was killed.
/// </summary>
internal sealed class ProcessRecord
{
    /// <summary>The start time is read back with the clock's small changes since; a recycled id is much further off.</summary>
    private static readonly TimeSpan s_tolerance = TimeSpan.FromSeconds(2);

    private readonly string _folder;

    public ProcessRecord(DataDirectory data)
    {
        _folder = Path.Combine(data.Path, "run");
        Directory.CreateDirectory(_folder);
    }

    public void Add(Process process)
    {
        try
        {
            File.WriteAllText(FileOf(process.Id), process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
        {
            // It ended at once.
        }
    }

    public void Remove(Process process) => File.Delete(FileOf(process.Id));

    /// <summary>Ends what a former run left behind.</summary>
    public void EndLeftovers()
    {
        foreach (var file in Directory.EnumerateFiles(_folder))
        {
            if (int.TryParse(Path.GetFileName(file), out var id) && long.TryParse(File.ReadAllText(file), out var ticks))
                End(id, new DateTime(ticks, DateTimeKind.Utc));
            File.Delete(file);
        }
    }

    private string FileOf(int id) => Path.Combine(_folder, $"{id}");

    private static void End(int id, DateTime started)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            if ((process.StartTime.ToUniversalTime() - started).Duration() > s_tolerance) return;
            process.Kill(entireProcessTree: true);
            process.WaitForExit(s_tolerance);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It is gone, or not ours.
        }
    }
}
