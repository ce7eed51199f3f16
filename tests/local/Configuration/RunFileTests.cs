using DaprShop.Local.AppHealth;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.Tests.Configuration;

public sealed class RunFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("daprshop-").FullName;

    public RunFileTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "one"));
        Directory.CreateDirectory(Path.Combine(_folder, "two"));
        Directory.CreateDirectory(Path.Combine(_folder, "components"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("apps: []", ":1: 'version: 1' is required")]
    [InlineData("version: 2\napps: []", ":1: 'version: 1' is required")]
    [InlineData("version: one\napps: []", ":1: 'version' must be a whole number, not 'one'")]
    [InlineData("version: 1", ":1: 'apps' needs at least one app")]
    [InlineData("version: 1\napps: {}", ":2: 'apps' must be a list")]
    [InlineData("version: 1\napps:\n- appID: x", ":3: 'appDirPath' is required")]
    [InlineData("version: 1\napps:\n- appDirPath: nowhere", ":3: 'appDirPath': 'nowhere' does not exist")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appPrt: 5001", ":4: unknown key 'appPrt'; did you mean 'appPort'?")]
    [InlineData("version: 1\ncommon:\n  appPort: 1\napps:\n- appDirPath: one", ":3: unknown key 'appPort'")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appPort: five", ":4: 'appPort' must be a whole number, not 'five'")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appPort: 70000", ":4: 'appPort' must be a port")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  command: dotnet run", ":4: 'command' must be a list")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  command: ['']", ":4: 'command' must begin with a program")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appID: a/b", ":4: 'appID': 'a/b' cannot be the name of a file")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  enableApiLogging: maybe", ":4: 'enableApiLogging' must be true or false")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appProtocol: https", ":4: appProtocol 'https' is not served locally")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appLogDestination: paper", ":4: 'appLogDestination' must be console")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  env: [A]", ":4: 'env' must be a mapping")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n- appDirPath: ./one", ":4: appID 'one' is there twice")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  enableAppHealthCheck: yes please", ":4: 'enableAppHealthCheck' must be true or false")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  enableAppHealthChecks: true", ":4: unknown key 'enableAppHealthChecks'; did you mean 'enableAppHealthCheck'?")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appHealthProbeInterval: 5s", ":4: 'appHealthProbeInterval' must be a whole number, not '5s'")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appHealthThreshold: 0", ":4: 'appHealthThreshold' must be at least 1")]
    [InlineData("version: 1\ncommon:\n  appHealthProbeTimeout: -1\napps:\n- appDirPath: one", ":3: 'appHealthProbeTimeout' must be at least 1")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appHealthProbeTimeout: 5001", ":4: 'appHealthProbeTimeout' (milliseconds) must not be longer than")]
    [InlineData("version: 1\ncommon: { appHealthProbeInterval: 1 }\napps:\n- appDirPath: one\n  appHealthProbeTimeout: 2000", ":5: 'appHealthProbeTimeout'")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appHealthCheckPath: [a]", ":4: 'appHealthCheckPath' must be a plain value")]
    [InlineData("version: 1\napps:\n- appDirPath: one\n  appHealthCheckPath: http://elsewhere/", ":4: 'appHealthCheckPath': 'http://elsewhere/' is no path")]
    [InlineData(
        "version: 1\napps:\n- appDirPath: one\n  appPort: 7\n- appDirPath: two\n  daprHTTPPort: 7",
        ":5: port 7 of 'two' is already taken by 'one'")]
    [InlineData(
        "version: 1\ncommon:\n  resourcesPaths: [nothing]\napps:\n- appDirPath: one",
        ":3: 'resourcesPaths': 'nothing' does not exist")]
    [InlineData("version: 1\napps:\n\t- x", ":3: not valid YAML")]
    [InlineData("just words", ":1: the document must be a mapping")]
    [InlineData("", ":1: a run file is one YAML document")]
    public void Names_file_line_and_mistake_in_one_line(string text, string message)
    {
        var error = Assert.Throws<ConfigurationError>(() => Read(text));
        Assert.Contains("dapr.yaml" + message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Says_which_file_is_missing()
    {
        var error = Assert.Throws<ConfigurationError>(() => RunFile.Read(Path.Combine(_folder, "no.yaml")));
        Assert.Contains("the run file does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folds_what_is_common_into_every_app()
    {
        var file = Read("""
            version: 1
            common:
              resourcesPaths: [components]
              env: { A: common, B: common }
            apps:
            - appDirPath: ./one/
              appPort: 5001
              daprHTTPPort: -1
              command: ["dotnet", "x.dll"]
              env: { B: own }
            - appID: second
              appDirPath: two
            """);

        Assert.Equal(Path.GetFileName(_folder), file.Name);
        var one = file.Apps[0];
        Assert.Equal(("one", 5001, 0), (one.AppId, one.AppPort, one.DaprHttpPort));
        Assert.Equal(["dotnet", "x.dll"], one.Command);
        Assert.Equal(("common", "own"), (one.Environment["A"], one.Environment["B"]));
        Assert.Equal([Path.Combine(_folder, "components")], one.ResourcesPaths);
        Assert.Equal("second", file.Apps[1].AppId);
        Assert.Empty(file.Apps[1].Command);
    }

    [Fact]
    public void An_apps_own_resources_win_over_the_common_ones()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "one", ".dapr", "resources"));
        Directory.CreateDirectory(Path.Combine(_folder, "two", "mine"));
        var file = Read("""
            version: 1
            common: { resourcesPaths: [components] }
            apps:
            - appDirPath: one
            - appDirPath: two
              resourcesPaths: [mine]
            """);

        Assert.Equal([Path.Combine(_folder, "one", ".dapr", "resources")], file.Apps[0].ResourcesPaths);
        Assert.Equal([Path.Combine(_folder, "two", "mine")], file.Apps[1].ResourcesPaths);
    }

    [Fact]
    public void An_app_is_asked_how_it_is_as_it_says_or_else_as_is_common()
    {
        var file = Read("""
            version: 1
            common: { appHealthCheckPath: /well, appHealthProbeInterval: 2, appHealthProbeTimeout: 100 }
            apps:
            - { appDirPath: one, enableAppHealthCheck: true, appHealthCheckPath: /healthz?deep=1, appHealthThreshold: 1 }
            - { appDirPath: two, enableAppHealthCheck: false }
            """);

        Assert.Equal(
            new HealthCheck
            {
                Path = "/healthz?deep=1",
                Interval = TimeSpan.FromSeconds(2),
                Timeout = TimeSpan.FromMilliseconds(100),
                Threshold = 1,
            },
            file.Apps[0].HealthCheck);
        Assert.Null(file.Apps[1].HealthCheck);
    }

    /// <summary>The CLI takes what is false for what is not set.</summary>
    [Fact]
    public void What_all_apps_are_asked_none_is_not()
    {
        var file = Read("""
            version: 1
            common: { enableAppHealthCheck: true }
            apps:
            - { appDirPath: one, enableAppHealthCheck: false }
            """);

        Assert.Equal(new HealthCheck(), file.Apps[0].HealthCheck);
        Assert.Equal(("/healthz", 5, 500, 3), (
            file.Apps[0].HealthCheck!.Path, file.Apps[0].HealthCheck!.Interval.Seconds,
            (int)file.Apps[0].HealthCheck!.Timeout.TotalMilliseconds, file.Apps[0].HealthCheck!.Threshold));
    }

    [Fact]
    public void Reads_the_shops_own_file()
    {
        var file = RunFile.Read(Testing.Repository.Root);

        Assert.Equal(9, file.Apps.Count);
        Assert.NotEmpty(ResourceFiles.Read(file.Apps[0].ResourcesPaths, [file.Apps[0].ConfigFile!]).Components);
    }

    private RunFile Read(string text)
    {
        File.WriteAllText(Path.Combine(_folder, "dapr.yaml"), text);
        return RunFile.Read(_folder);
    }
}
