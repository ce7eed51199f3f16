using System.Diagnostics;
using System.Globalization;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Tests.Hosting;

public sealed class ProcessAppTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("daprshop-process-");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task What_an_app_said_last_comes_before_its_end()
    {
        var log = new Lines();
        await using var app = Start("seq 1000; exit 3", log);
        Assert.Equal("it ended with exit code 3", await app.Ended);
        Assert.Equal(Enumerable.Range(1, 1000).Select(number => $"{number}"), log.Heard);
    }

    [Fact]
    public async Task An_app_has_ended_even_if_a_child_of_its_own_keeps_its_output()
    {
        var log = new Lines();
        await using var app = Start("sleep 600 & echo $!; exit 3", log);
        try
        {
            Assert.Equal("it ended with exit code 3", await app.Ended.WaitAsync(TimeSpan.FromMinutes(2)));
            await app.StopAsync(TimeSpan.Zero);
        }
        finally
        {
            using var child = Process.GetProcessById(int.Parse(log.Heard.Single(), CultureInfo.InvariantCulture));
            child.Kill();
        }
    }

    private IRunningApp Start(string script, IAppLog log)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no sh.");
        var options = new AppOptions("app") { Command = ["sh", "-c", script], Directory = _data.FullName };
        return ProcessApp.Start(options, new Dictionary<string, string>(), new ProcessRecord(new DataDirectory(_data.FullName)), log);
    }

    private sealed class Lines : IAppLog
    {
        private readonly List<string> _heard = [];

        public IReadOnlyList<string> Heard
        {
            get
            {
                lock (_heard) return [.. _heard];
            }
        }

        public void Line(string appId, string line)
        {
            lock (_heard) _heard.Add(line);
        }

        public void Event(string appId, string message)
        {
        }
    }
}
