using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DaprShop.Common;

/// <summary>
/// Ends the service when its standard input does, if <c>EXIT_WITH_STDIN</c> is set: whoever started it holds the other end of that
/// pipe, and the operating system closes it even when that process is killed.
/// </summary>
internal sealed class ExitWithParent(IHostApplicationLifetime lifetime) : IHostedService
{
    private const int Killed = 137;
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        if (configuration.GetValue<bool>("EXIT_WITH_STDIN")) services.AddHostedService<ExitWithParent>();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A read of standard input cannot be cancelled, so it has a thread of its own, which does not keep the process alive.
        new Thread(WaitForEnd, maxStackSize: 128 * 1024) { IsBackground = true, Name = nameof(ExitWithParent) }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void WaitForEnd()
    {
        using var input = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[256];
        while (input.Read(ignored) > 0)
        {
        }
        lifetime.StopApplication();
        Thread.Sleep(s_grace);
        Environment.Exit(Killed);
    }
}
