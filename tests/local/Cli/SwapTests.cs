using DaprShop.Local.Cli;
using DaprShop.Local.Configuration;
using DaprShop.Testing;

namespace DaprShop.Local.Tests.Cli;

/// <summary>Another implementation of a service: how its file is read, and that it runs in the service's place.</summary>
public sealed class SwapTests : IDisposable
{
    private readonly string _services = Directory.CreateTempSubdirectory("daprshop-").FullName;

    public void Dispose() => Directory.Delete(_services, recursive: true);

    [Fact]
    public void Takes_the_command_the_folder_and_the_variables_and_leaves_the_rest()
    {
        Write("""
            command: [dotnet, other.dll]
            env: { COLOUR: green }
            needs: the .NET SDK
            """);

        var app = Swap.For(Shipping, "tiny", mayBuild: false);

        Assert.Equal(["dotnet", "other.dll"], app.Command);
        Assert.Equal(Path.Combine(_services, "shipping-tiny"), app.Directory);
        Assert.Equal([("COLOUR", "green"), ("SIZE", "small")], app.Environment.Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Equal((Shipping.AppId, Shipping.AppPort, Shipping.DaprHttpPort), (app.AppId, app.AppPort, app.DaprHttpPort));
    }

    [Theory]
    [InlineData(null, "swap.yaml does not exist")]
    [InlineData("env: {}", "swap.yaml:1: 'command' is required")]
    [InlineData("command: [dotnet]\ncomand: [x]", "swap.yaml:2: unknown key 'comand'; did you mean 'command'?")]
    [InlineData("command: [no-such-tool-here, x]\nneeds: 'No Such Tool 7, https://example.com'",
        "swap.yaml:1: 'no-such-tool-here' is not installed: No Such Tool 7, https://example.com")]
    [InlineData("command: [bin/missing]", "swap.yaml:1: 'bin/missing' is not installed")]
    [InlineData("command: [dotnet]\nbuild: [dotnet, build]", "'makes' is required")]
    [InlineData("command: [dotnet]\nbuild: [dotnet, build]\nmakes: out", "swap.yaml:3: out is not there; run 'dotnet build', or leave out --no-build")]
    public void Says_in_one_line_what_is_wrong(string? file, string message)
    {
        if (file is not null) Write(file);
        var error = Assert.Throws<ConfigurationError>(() => Swap.For(Shipping, "tiny", mayBuild: false));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Builds_what_is_not_there_and_says_when_that_fails()
    {
        Write("command: [dotnet]\nbuild: [dotnet, new, globaljson]\nmakes: global.json");
        Swap.For(Shipping, "tiny", mayBuild: true);
        Assert.True(File.Exists(Path.Combine(_services, "shipping-tiny", "global.json")));

        Write("command: [dotnet]\nbuild: [dotnet, no-such-command]\nmakes: out");
        var error = Assert.Throws<ConfigurationError>(() => Swap.For(Shipping, "tiny", mayBuild: true));
        Assert.EndsWith("'dotnet no-such-command' failed; see above", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Builds_again_what_is_older_than_what_it_is_made_from()
    {
        Write("command: [dotnet]\nbuild: [dotnet, new, gitignore, --force]\nmakes: .gitignore\nfrom: [src, other.txt]");
        var folder = Path.Combine(_services, "shipping-tiny");
        Directory.CreateDirectory(Path.Combine(folder, "src", "deep"));
        var source = Path.Combine(folder, "src", "deep", "a.ts");
        var product = Path.Combine(folder, ".gitignore");
        File.WriteAllText(source, "");
        File.WriteAllText(Path.Combine(folder, "other.txt"), "");
        File.WriteAllText(product, "old");

        Swap.For(Shipping, "tiny", mayBuild: true);
        Assert.Equal("old", File.ReadAllText(product));

        File.SetLastWriteTimeUtc(source, DateTime.UtcNow.AddMinutes(1));
        Swap.For(Shipping, "tiny", mayBuild: false);
        Assert.Equal("old", File.ReadAllText(product));
        Swap.For(Shipping, "tiny", mayBuild: true);
        Assert.NotEqual("old", File.ReadAllText(product));
    }

    [Fact]
    public async Task Runs_in_the_services_place()
    {
        // A tiny implementation: another program under this service's name, which says in its log what it was told.
        var program = Path.Combine(RuntimeProcess.OutputOf("services/shipping"), "DaprShop.Shipping.dll");
        Directory.CreateDirectory(Path.Combine(_services, "payment"));
        var other = Directory.CreateDirectory(Path.Combine(_services, "payment-tiny")).FullName;
        File.WriteAllText(Path.Combine(other, "swap.yaml"), $"command: [dotnet, '{program}']\nenv: {{ ASPNETCORE_ENVIRONMENT: Development }}");
        var runFile = Path.Combine(_services, "dapr.yaml");
        File.WriteAllText(runFile, $$"""
            version: 1
            common:
              resourcesPaths: ['{{Path.Combine(Repository.Root, "components")}}']
            apps:
              - { appID: payment, appDirPath: ./payment, appPort: 5006, command: [dotnet, payment.dll] }
            """);

        await using var runtime = new RuntimeProcess(Path.Combine(_services, "data"), "--run-file", runFile, "--swap", "payment=tiny");
        Assert.True(await RuntimeProcess.AnswersAsync(await runtime.ServiceAsync()), runtime.Output);
        using var child = runtime.Child();
        Assert.Equal(other, new FileInfo($"/proc/{child.Id}/cwd").LinkTarget ?? other);
        // Payment has no such path, shipping has.
        using var http = new HttpClient();
        using var rates = await http.GetAsync(new Uri(await runtime.ServiceAsync(), "/api/shipping/rates?country=US&weight=1"));
        Assert.True(rates.IsSuccessStatusCode);
    }

    [Theory]
    [InlineData("--swap", "payment=nowhere", "payment-nowhere")]
    [InlineData("--swap", "nobody=node", "--swap: there is no app 'nobody'")]
    [InlineData("--scale", "nobody=2", "--scale: there is no app 'nobody'")]
    [InlineData("--in-process=nobody", "--fresh", "--in-process: there is no app 'nobody'")]
    public async Task What_is_not_there_ends_the_run_with_one_line(string flag, string value, string message)
    {
        await using var runtime = new RuntimeProcess(Path.Combine(_services, "data"), flag, value);
        Assert.Equal(1, await runtime.EndedAsync());
        Assert.Contains(message, runtime.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", runtime.Output, StringComparison.Ordinal);
    }

    private RunFileApp Shipping => new(
        "shipping", Path.Combine(_services, "shipping"), 5007, 3507, 4507, ["dotnet", "shipping.dll"],
        new Dictionary<string, string> { ["COLOUR"] = "red", ["SIZE"] = "small" }, [], null, "dapr.yaml:1");

    private void Write(string text)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_services, "shipping-tiny")).FullName;
        File.WriteAllText(Path.Combine(folder, "swap.yaml"), text);
    }
}
