using System.ComponentModel;
using System.Diagnostics;
using DaprShop.Testing;

namespace DaprShop.Deployment.Tests;

/// <summary>What <c>kubectl apply -k</c> would send to a cluster.</summary>
internal static class Kustomize
{
    /// <summary>Skips the test where kubectl is missing, except in CI, where it must not be.</summary>
    public static string Render(string folder)
    {
        var start = new ProcessStartInfo("kubectl", ["kustomize", folder])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var kubectl = Process.Start(start)!;
            var errors = kubectl.StandardError.ReadToEndAsync();
            var text = kubectl.StandardOutput.ReadToEnd();
            kubectl.WaitForExit();
            // Also what is only a warning: something that will not work much longer.
            Assert.True(kubectl.ExitCode == 0 && errors.Result.Length == 0, $"kubectl kustomize {folder}: {errors.Result}");
            return text.ReplaceLineEndings("\n");
        }
        catch (Win32Exception) when (Environment.GetEnvironmentVariable("CI") is not "true")
        {
            Assert.Skip("kubectl is not installed.");
            throw;
        }
    }
}
