// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {AccessControlEnumerable} from "@openzeppelin/contracts/access/extensions/AccessControlEnumerable.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Pausable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Pausable.sol";
import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";
import {LegacyToken} from "src/demo/LegacyToken.sol";

/// @notice 1000 units of the deployer's choice of holder, and a pause of somebody's.
abstract contract Pausy is ERC20, ERC20Pausable {
    constructor(address holder) ERC20("Pausy", "PSY") {
        _mint(holder, 1000);
    }

    function _update(address from, address to, uint256 value) internal virtual override(ERC20, ERC20Pausable) {
        super._update(from, to, value);
    }
}

/// @notice A list of pausers under a name that nobody knows, and an owner who has nothing to do with it.
contract ListedPausersToken is Pausy, Ownable {
    mapping(address account => bool) internal _listed;

    constructor(address admin) Pausy(admin) Ownable(admin) {
        _listed[admin] = true;
    }

    modifier onlyListed() {
        require(_listed[msg.sender]);
        _;
    }

    function list(address account) external onlyListed {
        _listed[account] = true;
    }

    function pause() external onlyListed {
        _pause();
    }

    function unpause() external onlyListed {
        _unpause();
    }
}

/// @notice OpenZeppelin 2.x: PauserRole, which says who is on its list.
contract PauserRoleToken is ListedPausersToken {
    constructor(address admin) ListedPausersToken(admin) {}

    function isPauser(address account) external view returns (bool) {
        return _listed[account];
    }
}

/// @notice An access manager says who pauses; the owner is only shown.
contract ManagedToken is Pausy, Ownable, AccessManaged {
    constructor(address admin, address manager) Pausy(admin) Ownable(admin) AccessManaged(manager) {}

    function pause() external restricted {
        _pause();
    }

    function unpause() external restricted {
        _unpause();
    }
}

/// @notice One role pauses, another one unpauses.
contract SplitRolesToken is Pausy, AccessControlEnumerable {
    bytes32 public constant UNPAUSER_ROLE = keccak256("UNPAUSER_ROLE");

    constructor(address admin) Pausy(admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(keccak256("PAUSER_ROLE"), admin);
        _grantRole(UNPAUSER_ROLE, admin);
    }

    function pause() external onlyRole(keccak256("PAUSER_ROLE")) {
        _pause();
    }

    function unpause() external onlyRole(UNPAUSER_ROLE) {
        _unpause();
    }
}

/// @notice One role pauses, its admin unpauses: a hot key may stop a token and not start it.
contract AdminUnpausesToken is Pausy, AccessControlEnumerable {
    bytes32 internal constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    constructor(address admin) Pausy(admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(PAUSER_ROLE, admin);
    }

    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }
}

/// @notice The admin role itself pauses.
contract AdminPausesToken is Pausy, AccessControlEnumerable {
    constructor(address admin) Pausy(admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function pause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }
}

/// @notice The admin is handed over in two steps, and shows as an owner.
contract AdminRulesToken is Pausy, AccessControlDefaultAdminRules {
    bytes32 internal constant PAUSER = keccak256("PAUSER_ROLE");

    constructor(address admin) Pausy(admin) AccessControlDefaultAdminRules(0, admin) {
        _grantRole(PAUSER, admin);
    }

    function pause() external onlyRole(PAUSER) {
        _pause();
    }

    function unpause() external onlyRole(PAUSER) {
        _unpause();
    }
}

/// @notice A pause that gates what it is told to: `transfer`, `transferFrom`, both or none of them.
contract LeakyToken is ERC20, Ownable {
    bool public paused;
    bool internal immutable GATES_TRANSFER;
    bool internal immutable GATES_TRANSFER_FROM;

    constructor(address admin, bool gatesTransfer, bool gatesTransferFrom) ERC20("Leaky", "LKY") Ownable(admin) {
        _mint(admin, 1000);
        (GATES_TRANSFER, GATES_TRANSFER_FROM) = (gatesTransfer, gatesTransferFrom);
    }

    function pause() external onlyOwner {
        require(!paused);
        paused = true;
    }

    function unpause() external onlyOwner {
        require(paused);
        paused = false;
    }

    function transfer(address to, uint256 value) public virtual override returns (bool) {
        require(!paused || !GATES_TRANSFER);
        return super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        require(!paused || !GATES_TRANSFER_FROM);
        return super.transferFrom(from, to, value);
    }
}

/// @notice Answers nothing at all to a transfer, and lets it through at any time.
contract SilentLeakyToken is LeakyToken {
    constructor(address admin) LeakyToken(admin, true, true) {}

    function transfer(address to, uint256 value) public override returns (bool) {
        _transfer(msg.sender, to, value);
        assembly {
            return(0, 0)
        }
    }
}

/// @notice Answers false to a transfer while it is paused, as tokens did before reverts had a price.
contract FalseWhilePausedToken is LeakyToken {
    constructor(address admin) LeakyToken(admin, true, true) {}

    function transfer(address to, uint256 value) public override returns (bool) {
        return !paused && super.transfer(to, value);
    }
}

/// @notice Burns all of its gas on what the guard tries while it is paused.
contract BurningToken is LegacyToken {
    constructor(address admin) LegacyToken("Burning", "BRN", admin) {}

    function transfer(address to, uint256 value) public override returns (bool) {
        burn();
        return super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        burn();
        return super.transferFrom(from, to, value);
    }

    function transferOwnership(address to) public override {
        burn();
        super.transferOwnership(to);
    }

    function renounceOwnership() public override {
        burn();
        super.renounceOwnership();
    }

    function burn() internal view {
        if (!paused()) return;
        assembly {
            invalid()
        }
    }
}

/// @notice An owner who cannot renounce, but can be replaced in one step.
contract NoRenounceToken is LegacyToken {
    constructor(address admin) LegacyToken("Kept", "KPT", admin) {}

    function renounceOwnership() public pure override {
        revert();
    }
}

/// @notice An owner who cannot renounce, and whose successor has to accept.
contract NoWayOutToken is Pausy, Ownable2Step {
    constructor(address admin) Pausy(admin) Ownable(admin) {}

    function pause() external onlyOwner {
        _pause();
    }

    function unpause() external onlyOwner {
        _unpause();
    }

    function renounceOwnership() public pure override {
        revert();
    }
}

/// @notice Members who cannot renounce their roles.
contract KeptRolesToken is LegacyRoleToken {
    constructor(address admin) LegacyRoleToken("Kept", "KPT", admin) {}

    function renounceRole(bytes32 role, address account) public override(AccessControl, IAccessControl) {
        require(account != msg.sender || !hasRole(role, account) || getRoleMemberCount(role) != 1);
        super.renounceRole(role, account);
    }
}

/// @notice The role that pauses administers itself.
contract SelfAdminToken is LegacyRoleToken {
    constructor(address admin) LegacyRoleToken("Self", "SLF", admin) {
        _setRoleAdmin(PAUSER_ROLE, PAUSER_ROLE);
    }
}

/// @notice `length` roles, each the admin of the one before it, the last one of itself.
contract ChainedRolesToken is LegacyRoleToken {
    uint256 public immutable LENGTH;

    constructor(address admin, uint256 length) LegacyRoleToken("Chain", "CHN", admin) {
        LENGTH = length;
        for (uint256 i = 0; i < length; ++i) {
            _grantRole(roleAt(i), admin);
            _setRoleAdmin(roleAt(i), roleAt(i + 1 < length ? i + 1 : i));
        }
    }

    function roleAt(uint256 i) public pure returns (bytes32) {
        return i == 0 ? PAUSER_ROLE : bytes32(i);
    }
}
