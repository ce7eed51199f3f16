using System.Runtime.InteropServices;

namespace DaprShop.Local.Cli;

/// <summary>Ctrl-C, or a polite request to end: the first stops everything in order, the second at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private const int Interrupted = 130;

    private static readonly PosixSignal[] s_signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations;

    public StopSignals() => _registrations = [.. s_signals.Select(signal => PosixSignalRegistration.Create(signal, Heard))];

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    /// <summary>Ended at once, the apps end too: their standard input closes with this process.</summary>
    private void Heard(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_stop.IsCancellationRequested) Environment.Exit(Interrupted);
        _stop.Cancel();
    }
}
